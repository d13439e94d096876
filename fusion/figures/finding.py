"""The box that finds layers in a page of HTML by name: the one script of a page, which a browser knows by its hash."""

import base64
import hashlib

SCRIPT = """
"use strict";
(() => {
  const field = document.getElementById("find"), said = document.getElementById("said");
  // Who runs no script has no use for it.
  field.parentElement.hidden = false;
  const things = [...document.querySelectorAll("g[data-name] > title")].map((tip) => {
    const thing = tip.parentElement;
    return [thing, `${thing.dataset.name} ${tip.textContent.split(". ")[0]}`.toLowerCase()];
  }).filter(([thing]) => !/^(entry|value)$|^trunk /.test(thing.dataset.name));
  let hits = [], current = null;
  const level = (thing) => thing.closest(".level").id.slice("level-".length);
  const front = () => document.querySelector(".tab:checked").id.slice("tab-".length);
  // The folded box of a part that is found inside is no place of its own.
  const doubled = (thing) =>
    thing.closest(".folded") && thing.closest("details").querySelector(".opened .hit, details .hit");
  const look = () => {
    const word = field.value.trim().toLowerCase();
    for (const [thing, text] of things) thing.classList.toggle("hit", word !== "" && text.includes(word));
    for (const part of document.querySelectorAll("details"))
      part.classList.toggle("missed", word !== "" && !part.querySelector(".hit"));
    hits = [...document.querySelectorAll(".hit")].filter((thing) => !doubled(thing));
    const here = hits.filter((thing) => level(thing) === front()).length;
    const there = hits.length - here ? `, ${hits.length - here} at other levels` : "";
    said.textContent = word === "" ? "" : `${here} here${there}`;
  };
  const go = (step) => {
    const near = hits.filter((thing) => level(thing) === front());
    const list = near.length ? near : hits;
    if (!list.length) return;
    const place = list.indexOf(current);
    current?.classList.remove("current");
    current = list[place < 0 ? 0 : (place + step + list.length) % list.length];
    current.classList.add("current");
    document.getElementById(`tab-${level(current)}`).checked = true;
    const own = current.closest(".folded")?.closest("details");
    for (let part = current.closest("details"); part; part = part.parentElement.closest("details"))
      if (part !== own) part.open = true;
    current.scrollIntoView({ block: "center", inline: "center" });
  };
  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); go(event.shiftKey ? -1 : 1); }
    if (event.key === "Escape") { field.value = ""; look(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== field) { event.preventDefault(); field.focus(); }
  });
  for (const tab of document.querySelectorAll(".tab")) tab.addEventListener("change", look);
})();
"""
"""Marks what has the word in its name, fades parts without, and goes from one to the next at Enter, opening parts."""

FIELD = (
    '<span class="finding" hidden><label for="find">find</label>'
    '<input id="find" type="search" placeholder="layer" autocomplete="off" spellcheck="false">'
    '<output id="said" for="find" aria-live="polite"></output></span>'
)
"""The box, hidden until the script runs."""

STYLES = """
.finding label{border:0!important;margin:0 4px 0 18px!important;padding:0!important}
.finding input{font:inherit;padding:6px 10px;border:1px solid;border-radius:8px;background:transparent;color:inherit}
.finding input:focus-visible{outline:2px solid}
.finding output{margin-left:10px;font-size:13px}
.missed{opacity:.3}
.hit>rect:first-of-type,.hit>g:first-of-type>rect:first-of-type{stroke-width:4px;stroke-dasharray:none}
.current>rect:first-of-type,.current>g:first-of-type>rect:first-of-type{stroke-width:7px}
"""


def policy() -> str:
    """Returns what a browser may do with a page: apply its own styles and run its own script, and nothing else.

    >>> policy().partition("; script-src")[0]
    "default-src 'none'; style-src 'unsafe-inline'"
    """
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
