// The panel shows what the server says: every change arrives as the whole state over one event stream.
// Only countdowns run here. All text goes in as text, never as HTML.
"use strict";

const $ = (selector, from = document) => from.querySelector(selector);
const part = (card, name) => $(`[data-part="${name}"]`, card);
let state = null;
let ahead = 0; // seconds from this browser's clock to the sandbox's

const now = () => Date.now() / 1000 + ahead;

function el(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

// Writes only what differs, so that a screen reader is not told the same thing every second.
function say(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(s / 86400)} days`;
}

const clockTime = (moment) =>
  new Date(moment * 1000).toLocaleTimeString("en-GB"); // 14:05:09

function ago(moment) {
  const s = now() - moment;
  return s < 5 ? "just now" : s < 60 ? "for less than a minute" : `for ${s < 3600 ? `${Math.floor(s / 60)} min` : span(s)}`;
}

function press(card, attribute, value) {
  for (const button of card.querySelectorAll(`[data-${attribute}]`)) {
    button.setAttribute("aria-pressed", String(button.dataset[attribute] === value));
  }
}

const CLIENTS = {
  active: "Available", idle: "Away", call: "In a call", presenting: "Presenting",
};

function sessionLines(person) {
  const lines = person.sessions.map((s) => {
    const fades = s.next_at < s.expires_at;
    return [s.name, `${s.words}${fades ? `, fades in ${span(s.next_at - now())}` : ""}, ends in ${span(s.expires_at - now())}`];
  });
  if (CLIENTS[person.teams.client]) lines.push(["Teams client", CLIENTS[person.teams.client]]);
  if (person.preferred) {
    const who = person.preferred.by === "person" ? "set by hand" : "set by the app";
    const idle = lines.length ? "" : ", waits for a session";
    lines.push([`${person.preferred.words}, ${who}`, `ends in ${span(person.preferred.expires_at - now())}${idle}`]);
  }
  return lines.length ? lines : [["No session", "Nobody tells Microsoft anything."]];
}

function fill(list, rows, make, tag = "li") {
  while (list.children.length > rows.length) list.lastChild.remove();
  rows.forEach((row, i) => {
    const item = list.children[i] || list.appendChild(el(tag));
    make(item, row);
  });
}

function showSessions(card, person) {
  fill(part(card, "sessions"), sessionLines(person), (item, [name, text]) => {
    if (!item.firstChild) item.append(el("b"), el("span"));
    say(item.firstChild, name);
    say(item.lastChild, text);
  });
}

function showPerson(person) {
  const card = $(`[data-person="${CSS.escape(person.id)}"]`);
  if (!card) return;
  const { availability, activity, words, silent } = person.shown;
  card.dataset.availability = availability;
  say(part(card, "words"), words);
  say(part(card, "pair"), `${availability} / ${activity}`);
  say(part(card, "rings"), silent ? "Teams is silent, but for urgent calls and messages."
    : availability === "Busy" && person.teams.client !== "call" ? "Teams rings all the same." : "");
  const seen = person.looked && person.looked.seen;
  say(part(card, "looked"), !person.looked ? ""
    : `The bot’s last look saw ${seen ? `${seen.words} at ${clockTime(person.looked.at)}` : "nothing"}.`);
  const link = part(card, "link");
  link.classList.toggle("on", person.connected);
  say(link, person.connected ? "Signed in" : person.consent.length ? "Sign-in revoked" : "Not signed in");
  if (person.zoom) press(card, "zoom", person.zoom.presence);
  press(card, "client", person.teams.client);
  const byHand = person.preferred && person.preferred.by === "person";
  press(card, "manual", byHand ? person.preferred.availability : person.preferred ? "" : "None");
  say(part(card, "preferred"), person.preferred && !byHand ? "set by the app" : "");
  $("[data-approval]", card).checked = person.admin_approval;
  const lines = [...person.journal].reverse();
  part(card, "journal").previousElementSibling.hidden = lines.length === 0;
  fill(part(card, "journal"), lines.slice(0, 4), (item, line) => {
    if (!item.firstChild) item.append(el("span"), el("span"));
    say(item.firstChild, line.what);
    say(item.lastChild, [clockTime(line.at), line.who, line.status].filter((x) => x !== null).join(" · "));
    item.className = line.status >= 400 ? "bad" : "";
  });
}

function showWebhooks(hooks) {
  const log = [...hooks.log].reverse().slice(0, 3);
  say($("#webhooks"), !hooks.url ? "Sent nowhere" : hooks.pending ? `${hooks.pending} on the way` : log.length ? "All settled" : "None yet");
  fill($("#deliveries"), log, (item, d) => {
    if (!item.firstChild) item.append(el("span"), el("span"));
    item.className = d.state;
    say(item.firstChild, d.about || d.event);
    const problem = d.status ? `HTTP ${d.status}` : d.problem.replace(/ \(.*/, "");
    say(item.lastChild, {
      sending: "sending…", delivered: "delivered",
      waiting: `${problem}, again at ${d.next_at ? clockTime(d.next_at) : ""}`, failed: `${problem || "dropped"}, given up`,
    }[d.state]);
    item.title = d.problem;
  });
  say($("#validated"), hooks.validated === null ? "" : hooks.validated ? "The bot answered correctly." : `The bot ${hooks.validation_problem.replace(/ \(.*/, "")}.`);
}

const FAULTS = {
  throttled: "429", unavailable: "503", error: "500", unauthorized: "401", forbidden: "403", stalled: "hang",
  afterwards: "429 after doing it", reset: "cut connection", truncated: "half an answer",
};

function showFaults(faults) {
  let total = 0;
  for (const [service, { waiting, stalled }] of Object.entries(faults)) {
    total += waiting.length + stalled;
    const next = waiting.map((f) => `${FAULTS[f.kind]}${f.times > 1 ? ` × ${f.times}` : ""}`).join(", ");
    say($(`#faults-${service}`), [next && `Next: ${next}.`, stalled && `${stalled} hanging until you press Stop.`].filter(Boolean).join(" "));
  }
  say($("#fault-count"), total ? `· ${total} waiting` : "");
}

function showOrganisation({ granted, in_tokens: held, delay, trouble }) {
  for (const box of document.querySelectorAll("[data-right]")) {
    box.checked = granted.includes(box.dataset.right);
  }
  press(document, "trouble", trouble || "");
  press(document, "delay", String(delay));
  say($("#rights"), trouble ? "· no token" : granted.length ? `· ${granted.length} granted` : "· none");
  say($("#in-tokens"), held.length ? `In new tokens: ${held.join(", ")}.` : "In new tokens: nothing.");
}

function showLooks({ lag, answers, count, at }) {
  press(document, "answers", answers);
  press(document, "lag", String(lag));
  say($("#looks-count"), count ? `· ${count}, the last at ${clockTime(at)}` : "· none yet");
}

// What each mark looks like; the words say the same, so it is not read out.
const MARKS = { covered: "✓", waits: "…", out: "–" };

function fillRow(row, { name, address, mark, words, more, apart }) {
  if (!row.firstChild) {
    const who = el("th");
    who.scope = "row";
    who.append(el("span"), el("small"));
    const sign = el("i");
    sign.setAttribute("aria-hidden", "true");
    const how = el("td");
    how.append(sign, el("span"));
    row.append(who, how, el("td"));
  }
  const [who, how, why] = row.children;
  row.dataset.mark = mark;
  row.classList.toggle("apart", apart);
  say(who.firstChild, name);
  say(who.lastChild, address);
  say(how.firstChild, MARKS[mark]);
  say(how.lastChild, words);
  say(why, more);
}

function showCoverage(everybody, people) {
  const table = $("#coverage");
  if (!table) return;
  $("#coverage-away").hidden = everybody !== null;
  $("#coverage-all table").hidden = everybody === null;
  const rows = everybody || [];
  const here = new Set(people.map((person) => person.id));
  const first = rows.findIndex((row) => !here.has(row.object_id));
  fill(table, rows.map((row, i) => ({ ...row, apart: i === first })), fillRow, "tr");
  const count = (mark) => rows.filter((row) => row.mark === mark).length;
  say($("#coverage-count"), everybody ? `· ${count("covered")} covered, ${count("waits")} waiting` : "");
  const known = new Map(rows.map((row) => [row.object_id, row]));
  for (const person of people) {
    const card = $(`[data-person="${CSS.escape(person.id)}"]`);
    const row = known.get(person.id);
    if (card) say(part(card, "covered"), row ? `${row.words}${row.more ? `. ${row.more}` : ""}.` : "");
  }
}

function show(fresh) {
  state = fresh;
  ahead = state.now - Date.now() / 1000;
  state.people.forEach(showPerson);
  showWebhooks(state.webhooks);
  showFaults(state.faults);
  showOrganisation(state.organisation);
  showLooks(state.looks);
  showCoverage(state.coverage, state.people);
  tick();
}

function tick() {
  if (!state) return;
  say($("#clock"), clockTime(now()));
  say($("#offset"), state.offset >= 1 ? `${span(state.offset)} ahead` : "real time");
  const { limit, window, used } = state.quota;
  const meter = $("#quota-meter");
  meter.max = limit;
  meter.high = limit * 0.8;
  meter.value = used;
  say($("#quota"), used.toLocaleString("en"));
  say($("#quota-of"), `of ${limit.toLocaleString("en")} in ${window} s`);
  for (const person of state.people) {
    const card = $(`[data-person="${CSS.escape(person.id)}"]`);
    if (!card) continue;
    showSessions(card, person);
    if (person.zoom) say(part(card, "zoom-since"), `${person.zoom.words}, ${ago(person.zoom.since)}`);
  }
}

async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  }).catch(() => null);
  if (answer && !answer.ok) console.error(address, answer.status, await answer.text());
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { post: address, body, zoom, client, manual, trouble, delay, answers, lag } = button.dataset;
  if (address) post(address, JSON.parse(body));
  if (trouble !== undefined) post("/sandbox/api/organisation", { trouble: trouble || null });
  if (delay) post("/sandbox/api/organisation", { delay: Number(delay) });
  if (answers) post("/sandbox/api/looks", { answers });
  if (lag) post("/sandbox/api/looks", { lag: Number(lag) });
  const card = button.closest("[data-person]");
  if (!card) return;
  const person = `/sandbox/api/people/${card.dataset.person}`;
  if (zoom) post(`${person}/zoom`, { presence: zoom });
  if (client) post(`${person}/teams`, { client });
  if (manual) post(`${person}/manual`, { status: manual === "None" ? null : manual });
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-right]")) {
    const granted = [...document.querySelectorAll("[data-right]:checked")];
    post("/sandbox/api/organisation", { granted: granted.map((box) => box.dataset.right) });
  }
  if (!event.target.matches("[data-approval]")) return;
  const { person } = event.target.closest("[data-person]").dataset;
  post(`/sandbox/api/people/${person}/consent-policy`, { admin_approval: event.target.checked });
});

const events = new EventSource("/sandbox/events");
events.addEventListener("state", (event) => show(JSON.parse(event.data)));
events.addEventListener("open", () => { $("#lost").hidden = true; });
events.addEventListener("error", () => { $("#lost").hidden = false; });
setInterval(tick, 1000);
