// Keeps the order's progress fresh until its workflow has ended.
"use strict";

const SECONDS = 2;

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [old, fresh] = [document, page].map((tree) => tree.getElementById("progress"));
    // Only real news is put in, since a screen reader reads every change aloud.
    if (fresh && old.innerHTML !== fresh.innerHTML) {
      old.replaceChildren(...fresh.childNodes);
      old.dataset.finished = fresh.dataset.finished;
    }
  }
  schedule();
}

function schedule() {
  if (document.getElementById("progress").dataset.finished === "no") {
    setTimeout(() => refresh().catch(schedule), SECONDS * 1000);
  }
}

schedule();
