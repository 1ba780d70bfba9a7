// The newest cards, drawn anew whenever one came, and when theme or width is chosen.
"use strict";

const chosen = { theme: "dark", width: "448" };
let drawn = ""; // what was drawn last, so that a change elsewhere leaves the page alone
let given = null;

function draw() {
  if (!given) return;
  const text = JSON.stringify([given.cards, chosen]);
  if (text === drawn) return;
  drawn = text;
  const ground = document.getElementById("cards");
  ground.className = `cards ${chosen.theme}`;
  ground.hidden = given.cards.length === 0;
  document.getElementById("none").hidden = given.cards.length > 0;
  ground.replaceChildren(...given.cards.map(({ card }) => {
    const [place] = placed("", card, given.looks[chosen.theme], Number(chosen.width));
    return place;
  }));
}

async function look() {
  const answer = await fetch("/sandbox/api/cards").catch(() => null);
  if (!answer || !answer.ok) return;
  given = await answer.json();
  draw();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".switches button");
  if (!button) return;
  for (const name of Object.keys(chosen)) {
    if (!button.dataset[name]) continue;
    chosen[name] = button.dataset[name];
    for (const other of document.querySelectorAll(`[data-${name}]`)) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  }
  draw();
});
document.addEventListener("submit", (event) => event.preventDefault());

new EventSource("/sandbox/events").addEventListener("state", look);
