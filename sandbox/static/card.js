// Draws a card, `width` pixels wide; the element, and what the renderer complained of.
"use strict";

function placed(name, payload, config, width) {
  const place = document.createElement("form"); // radio buttons of one name are a group in it
  place.className = "place";
  place.style.width = `${width}px`;
  const title = document.createElement("p");
  title.textContent = name;
  place.append(title);
  const context = new AdaptiveCards.SerializationContext();
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = new AdaptiveCards.HostConfig(config);
  card.parse(payload, context);
  place.append(card.render());
  const said = [];
  for (let i = 0; i < context.eventCount; i++) said.push(context.getEventAt(i).message);
  return [place, said];
}
