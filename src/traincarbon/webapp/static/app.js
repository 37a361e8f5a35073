// The app: charts in new parts of a page answer like those that came with it, and a screen reader hears the main results once the reader rests.
"use strict";

{
  let resting = 0;
  const say = root => {
    const words = root.querySelector("[data-say]")?.dataset.say;
    clearTimeout(resting);
    if (words) resting = setTimeout(() => announce(words), 800);
  };

  document.addEventListener("htmx:afterSwap", event => {
    prepare(event.target);
    say(event.target);
  });

  // What cannot be asked is said in words, and the figures that no longer hold are dimmed.
  const failed = event => {
    event.target.classList.add("stale");
    announce("The app does not answer.");
  };
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:beforeRequest", event => event.target.classList.remove("stale"));
}
