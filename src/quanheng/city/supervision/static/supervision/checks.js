// Field checks that are kept where there is no network, and sent when there is. Without this script the form is a form.
"use strict";

(() => {
  const form = document.getElementById("check");
  const box = document.getElementById("waiting");
  if (!form || !box || !window.indexedDB) return;
  const say = box.dataset;
  const points = [0, 1, 2];
  const again = 10_000; // ms

  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register(say.worker).then(() => keepForm()).catch(() => {});
  }
  // The page that registers a worker was not fetched through it: fetch it once more, with what it is made of.
  const keepForm = async () => {
    await navigator.serviceWorker.ready;
    const parts = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")].map((e) => e.href || e.src);
    const kept = await caches.open("quanheng-checks-1");
    for (const each of [location.pathname, ...parts]) {
      const response = await fetch(each).catch(() => null);
      if (response && response.ok && !response.redirected) await kept.put(new URL(each, location).pathname, response);
    }
    document.documentElement.dataset.kept = "yes";
  };

  // ---- the store ----
  const open = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open("quanheng-checks", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("waiting", { keyPath: "uuid" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const inStore = async (mode, act) => {
    const db = await open();
    try {
      return await new Promise((resolve, reject) => {
        const change = db.transaction("waiting", mode);
        const asked = act(change.objectStore("waiting"));
        change.oncomplete = () => resolve(asked.result);
        change.onerror = change.onabort = () => reject(change.error);
      });
    } finally {
      db.close();
    }
  };

  // ---- what the form says ----
  const ratio = (text) => {
    const value = Number(text.replace("−", "-").replace(",", "."));
    return text.trim() === "" || !Number.isFinite(value) ? text : value / 100;
  };
  const read = () => {
    const given = new FormData(form);
    const text = (name) => String(given.get(name) || "").trim();
    const found = points
      .map((n) => ({ load: text(`load${n}`), error: ratio(text(`error${n}`)), U: ratio(text(`U${n}`)) }))
      .filter((each) => each.error !== "" || each.U !== "");
    const at = new Date(text("at"));
    const facts = {
      uuid: text("uuid"), meter: text("meter"), at: Number.isNaN(at.getTime()) ? text("at") : at.toISOString(),
      found: text("found"), seal: text("seal"), points: found, note: text("note"), by: say.user,
    };
    if (text("order")) facts.order = Number(text("order"));
    const photo = given.get("photo");
    return { uuid: facts.uuid, user: say.user, facts, photo: photo && photo.size ? photo : null };
  };

  // ---- sending ----
  const token = () => (document.cookie.match(/(?:^|; )csrftoken=([^;]+)/) || [])[1] || "";
  const send = async (each) => {
    const body = new FormData();
    body.append("check", JSON.stringify(each.facts));
    if (each.photo) body.append("photo", each.photo, "photo");
    return fetch(say.send, { method: "POST", body, headers: { "X-CSRFToken": token() }, credentials: "same-origin" });
  };
  const later = (response) => !response || response.status === 429 || response.status >= 500;
  // A phone may be shared: what somebody found is sent in his name and in nobody else's.
  const mine = async () => (await inStore("readonly", (store) => store.getAll())).filter((each) => each.user === say.user);
  const show = async (told) => {
    const waiting = await mine();
    box.hidden = !waiting.length && !told;
    box.dataset.count = String(waiting.length);
    const lines = waiting.length ? [`${waiting.length} ${say.one}`] : [];
    for (const each of waiting) if (each.refused) lines.push(`${each.facts.meter}：${say.refused} ${each.refused}`);
    const text = [told, ...lines].filter(Boolean).join(" ");
    if (box.textContent !== text) box.textContent = text; // what has not changed is not read out again
  };
  let busy = false;
  let signedOut = false;
  let underway = null; // what the form itself is sending: kept already, and sent once
  const sendAll = async () => {
    if (busy) return;
    busy = true;
    let told = "";
    try {
      for (const each of await mine()) {
        if (each.uuid === underway) continue;
        const response = await send(each).catch(() => null);
        if (later(response)) break;
        signedOut = response.status === 401 || response.status === 403;
        if (signedOut) { told = say.signIn; break; }
        if (response.ok) {
          await inStore("readwrite", (store) => store.delete(each.uuid));
          told = say.sent;
        } else {
          each.refused = (await response.json().catch(() => ({}))).detail || String(response.status);
          await inStore("readwrite", (store) => store.put(each));
        }
      }
    } finally {
      busy = false;
      await show(told);
    }
  };

  const submit = async (each) => {
    const fault = document.getElementById("fault");
    fault.hidden = true;
    await inStore("readwrite", (store) => store.put(each)); // kept first: nothing is lost, whatever comes
    const response = await send(each).catch(() => null);
    if (later(response)) {
      form.reset();
      fresh();
      await show(say.kept);
    } else if (response.status === 401 || response.status === 403) {
      await show(say.signIn);
    } else if (response.ok) {
      await inStore("readwrite", (store) => store.delete(each.uuid));
      form.reset();
      fresh();
      await show(say.sent);
    } else {
      await inStore("readwrite", (store) => store.delete(each.uuid));
      const answer = await response.json().catch(() => ({}));
      fault.textContent = typeof answer.detail === "string" ? answer.detail : JSON.stringify(answer.detail || response.status);
      fault.hidden = false;
    }
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (underway) return;
    const each = read();
    underway = each.uuid;
    try {
      await submit(each);
    } finally {
      underway = null;
    }
  });

  const uuid = () => {
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64;
    b[8] = (b[8] & 63) | 128;
    const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const fresh = () => {
    form.elements.uuid.value = uuid();
    form.elements.order.value = "";
    const now = new Date(Date.now() - new Date().getTimezoneOffset() * 6e4);
    form.elements.at.value = now.toISOString().slice(0, 16);
  };
  // A form that comes out of the cache would carry the uuid and the meter of the one before.
  fresh();
  const asked = new URLSearchParams(location.search);
  if (asked.get("meter")) form.elements.meter.value = asked.get("meter");
  if (asked.get("order")) form.elements.order.value = asked.get("order");

  window.addEventListener("online", sendAll);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && sendAll());
  // A network that comes back is not always told: browsers and captive portals say "online" when they like.
  setInterval(async () => {
    if (!signedOut && (await mine()).some((each) => !each.refused)) sendAll();
  }, again);
  sendAll();

  // ---- finding the meter by its QR code, where the browser can ----
  const scan = document.getElementById("scan");
  const video = document.getElementById("video");
  if ("BarcodeDetector" in window && navigator.mediaDevices) scan.hidden = false;
  scan.addEventListener("click", async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).catch(() => null);
    if (!stream) return;
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    const look = async () => {
      const [code] = await detector.detect(video).catch(() => []);
      if (!code) return video.hidden || requestAnimationFrame(look);
      form.elements.meter.value = code.rawValue.trim().split("/").filter(Boolean).pop().slice(0, 80);
      video.hidden = true;
      for (const track of stream.getTracks()) track.stop();
      return undefined;
    };
    look();
  });
})();
