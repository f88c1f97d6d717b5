// Two comforts of Sojourn's pages in Django's admin. Without this file there are a button, and one box for each session.
"use strict";

// A long ending goes on by itself, step by step, while its page is open.
document.querySelector("form[data-sojourn-go-on]")?.requestSubmit();

// One box for all sessions of the page.
const boxes = [...document.querySelectorAll("td.sja-pick input")];
const head = document.querySelector("th.sja-pick");
if (head && boxes.length) {
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", head.textContent.trim());
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  head.replaceChildren(all);
}
