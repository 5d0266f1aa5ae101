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
  // A crowd that follows a race of many changes asks so seldom; the first change is shown at once. Where each page of the
  // crowd has an answer of its own, they do not ask in one moment.
  const pauseMs = Number(region.dataset.pauseMs || 0);
  const spreadMs = Number(region.dataset.spreadMs || 0);
  // Ages and what is expected are told anew this often where nothing changed.
  const againMs = Number(region.dataset.againMs || 60000);
  let stream = null;
  let busy = false;
  let pending = false;
  let announcedAt = 0;
  let askedAt = 0;
  let told = "";
  let ended = false;

  function say(state, words) {
    connection.hidden = false;
    connection.dataset.state = state;
    document.getElementById("connection-word").textContent = words;
  }

  function names(root) {
    return new Set(Array.from(root.querySelectorAll("[data-row]"), (row) => row.dataset.row));
  }

  // Finds a link or a button again in what replaces it.
  function likeness(element) {
    if (element.form) {
      return `form[action="${CSS.escape(element.form.getAttribute("action"))}"] button`;
    }
    const address = element.getAttribute("href");
    return address && `a[href="${CSS.escape(address)}"]`;
  }

  function replace(html) {
    const before = names(region);
    const focused = region.contains(document.activeElement) ? likeness(document.activeElement) : null;
    region.innerHTML = html;
    for (const row of region.querySelectorAll("[data-row]")) {
      row.classList.toggle("fresh", !before.has(row.dataset.row));
    }
    if (focused) {
      const same = region.querySelector(focused);
      if (same) {
        same.focus({ preventScroll: true });
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

  // With the version in it, so that no answer from before the change is taken for the new one.
  function address() {
    return told ? extended(region.dataset.part, "version", told) : region.dataset.part;
  }

  function extended(place, name, value) {
    return `${place}${place.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(value)}`;
  }

  function end() {
    stream.close();
    ended = true;
    say("lost", "Ended");
    region.textContent = region.dataset.over || "What was shown here has been withdrawn or has ended.";
  }

  function pause() {
    const waitMs = Math.max(0, askedAt + pauseMs - Date.now()) + Math.random() * spreadMs;
    return new Promise((resume) => setTimeout(resume, waitMs));
  }

  // One request at a time; what is told meanwhile leads to one more.
  async function refresh() {
    if (ended) {
      return;
    }
    if (busy || document.hidden) {
      pending = true;
      return;
    }
    busy = true;
    await pause();
    askedAt = Date.now();
    pending = false;
    try {
      const answer = await fetch(address(), { cache: "no-cache" });
      if (answer.ok) {
        replace(await answer.text());
      } else if (answer.status === 404 || answer.status === 401) {
        end();
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
    stream = new EventSource(extended(region.dataset.stream, "since", version));
    stream.addEventListener("open", () => say("on", "Updates by itself"));
    stream.addEventListener("changed", (event) => {
      told = event.data;
      refresh();
    });
    stream.addEventListener("error", () => {
      say("lost", "Reconnecting");
      // Refused, so that the browser tries no more: whether the page may still be seen, its part tells.
      if (stream.readyState === EventSource.CLOSED) {
        refresh();
      }
    });
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
  setInterval(refresh, againMs);
  listen();
})();

// Buttons that only a browser with scripts can serve.
(() => {
  const share = document.getElementById("share");
  if (share && (navigator.share || navigator.clipboard)) {
    share.textContent = "Share this result";
    share.addEventListener("click", async (event) => {
      event.preventDefault();
      try {
        if (navigator.share) {
          await navigator.share({ title: share.dataset.title, url: share.href });
        } else {
          await navigator.clipboard.writeText(share.href);
          document.getElementById("shared").textContent = "The link is copied";
        }
      } catch {
        document.getElementById("shared").textContent = share.href;
      }
    });
  }
  const copy = document.getElementById("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      const address = document.getElementById("address");
      address.select();
      try {
        await navigator.clipboard.writeText(address.value);
        document.getElementById("copied").textContent = "The address is copied.";
      } catch {
        document.getElementById("copied").textContent = "The address is selected: copy it by the keyboard.";
      }
    });
  }
  const fullscreen = document.getElementById("fullscreen");
  if (fullscreen && document.documentElement.requestFullscreen) {
    fullscreen.hidden = false;
    fullscreen.addEventListener("click", () => document.documentElement.requestFullscreen());
    document.addEventListener("fullscreenchange", () => {
      fullscreen.hidden = document.fullscreenElement !== null;
    });
  }
})();
