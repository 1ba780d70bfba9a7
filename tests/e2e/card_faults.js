"use strict";

// What does not fit or can't be read well (WCAG 2.2, 1.4.3: 4.5 to 1; large text 3 to 1).
function faults() {
  const found = [];
  for (const place of document.querySelectorAll(".place")) {
    const name = place.querySelector("p").textContent;
    if (place.scrollWidth > place.clientWidth) found.push(`${name}: sticks out sideways`);
    for (const part of place.querySelectorAll(".ac-pushButton, .ac-pushButton *"))
      if (part.scrollWidth > part.clientWidth + 1)
        found.push(`${name}: the button “${part.textContent}” is shortened`);
    for (const node of texts(place)) {
      const element = node.parentElement, style = getComputedStyle(element);
      const ground = background(element);
      const ratio = contrast(over(colour(style.color), ground), ground);
      const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 600;
      const least = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
      const words = node.textContent.trim().slice(0, 40);
      if (ratio < least) found.push(`${name}: “${words}” has a contrast of ${ratio.toFixed(1)}`);
      const box = element.getBoundingClientRect();
      if (box.right > place.getBoundingClientRect().right + 1)
        found.push(`${name}: “${words}” is cut off`);
    }
  }
  return found;
}

// Not the star at an input that is required: the renderer's own, in Teams' own colour.
function* texts(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    const titles = parent.matches(".place > p"), hidden = !parent.getClientRects().length;
    const words = node.textContent.trim();
    if (words && words !== "*" && !titles && !hidden) yield node;
  }
}

function colour(text) {
  const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
  return [r, g, b, a];
}

function background(element) {
  const layers = [];
  for (let e = element; e; e = e.parentElement) layers.push(colour(getComputedStyle(e).backgroundColor));
  return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255, 1]);
}

function over([r, g, b, a], under) {
  return [r, g, b].map((part, i) => part * a + under[i] * (1 - a)).concat(1);
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function luminance(rgb) {
  const [r, g, b] = rgb.slice(0, 3).map((part) => {
    const c = part / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
