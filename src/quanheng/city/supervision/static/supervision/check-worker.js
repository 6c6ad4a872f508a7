// The service worker of the field-check form: the form opens with no network, as it was when last seen.
"use strict";

const KEPT = "quanheng-checks-1";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// Network first; what comes is kept, and what does not come is answered from what was kept. Only the form and what it
// is made of: no other page, nothing of anybody's data.
self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const form = url.pathname.endsWith("/checks/new/");
  if (!form && !url.pathname.startsWith("/static/")) return;
  const name = url.pathname; // ?meter=… opens the same form
  event.respondWith(
    fetch(request)
      .then(async (response) => {
        if (response.ok && !response.redirected) (await caches.open(KEPT)).put(name, response.clone());
        return response;
      })
      .catch(async () => (await (await caches.open(KEPT)).match(name)) || Response.error()),
  );
});
