// Replaces the live part of a page when the server tells that the data changed. Every page works without it.
"use strict";

(() => {
  const ANNOUNCE_EVERY_MS = 20000;
  const RETRY_MS = 3000;
  const region = document.getElementById("live");
  if (!region || !region.dataset.stream || !window.EventSource) {
    return;
  }
  const connection = document.getElementById("connection");
  const announcement = document.getElementById("announcement");
  let stream = null;
  let busy = false;
  let pending = false;
  let announcedAt = 0;

  function say(state, words) {
    connection.hidden = false;
    connection.dataset.state = state;
    document.getElementById("connection-word").textContent = words;
  }

  function names(root) {
    return new Set(Array.from(root.querySelectorAll("[data-row]"), (row) => row.dataset.row));
  }

  function replace(html) {
    const before = names(region);
    const focused = region.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    region.innerHTML = html;
    for (const row of region.querySelectorAll("[data-row]")) {
      row.classList.toggle("fresh", !before.has(row.dataset.row));
    }
    if (focused) {
      const link = region.querySelector(`a[href="${CSS.escape(focused)}"]`);
      if (link) {
        link.focus({ preventScroll: true });
      }
    }
    announce();
  }

  function announce() {
    const source = region.querySelector("[data-announce]");
    if (source && Date.now() - announcedAt > ANNOUNCE_EVERY_MS) {
      announcedAt = Date.now();
      announcement.textContent = source.dataset.announce;
    }
  }

  // One request at a time; what is told meanwhile leads to one more.
  async function refresh() {
    if (busy || document.hidden) {
      pending = true;
      return;
    }
    busy = true;
    pending = false;
    try {
      const answer = await fetch(region.dataset.part, { cache: "no-store" });
      if (answer.ok) {
        replace(await answer.text());
      } else {
        setTimeout(refresh, RETRY_MS);
      }
    } catch {
      setTimeout(refresh, RETRY_MS);
    } finally {
      busy = false;
    }
    if (pending) {
      refresh();
    }
  }

  function listen() {
    const version = region.querySelector("[data-version]").dataset.version;
    stream = new EventSource(`${region.dataset.stream}?since=${encodeURIComponent(version)}`);
    stream.addEventListener("open", () => say("on", "Updates by itself"));
    stream.addEventListener("changed", refresh);
    stream.addEventListener("error", () => say("lost", "Reconnecting"));
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && pending) {
      refresh();
    }
  });
  window.addEventListener("pagehide", () => stream && stream.close());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      listen();
      refresh();
    }
  });
  listen();
})();
