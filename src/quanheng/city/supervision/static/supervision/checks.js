// Field checks that are kept where there is no network, and sent when there is. Without this script the form is a form.
"use strict";

(() => {
  const form = document.getElementById("check");
  const box = document.getElementById("waiting");
  if (!form || !box || !window.indexedDB) return;
  const say = box.dataset;
  const points = [0, 1, 2];
  const again = 10_000; // ms
  const slowly = 300_000; // ms after which a site that failed is asked again

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

  // The other way round: what was kept, to be corrected.
  const percent = (value) => (typeof value === "number" ? String(Number((100 * value).toPrecision(12))) : value || "");
  const local = (date) => new Date(date - date.getTimezoneOffset() * 6e4).toISOString().slice(0, 16);
  const fill = ({ facts, photo, refused }) => {
    const at = new Date(facts.at);
    const given = { ...facts, at: Number.isNaN(at.getTime()) ? facts.at : local(at) };
    for (const name of ["uuid", "meter", "at", "found", "seal", "note"]) form.elements[name].value = given[name] || "";
    // an order that takes no more checks is left out: the check is of the meter all the same
    form.elements.order.value = (!String(refused).includes("order：") && facts.order) || "";
    for (const n of points) {
      const { load = "", error = "", U = "" } = facts.points[n] || {};
      form.elements[`load${n}`].value = load;
      form.elements[`error${n}`].value = percent(error);
      form.elements[`U${n}`].value = percent(U);
    }
    const files = new DataTransfer();
    if (photo) files.items.add(new File([photo], photo.name || "photo", { type: photo.type }));
    form.elements.photo.files = files.files;
  };

  // ---- sending ----
  const token = () => (document.cookie.match(/(?:^|; )csrftoken=([^;]+)/) || [])[1] || "";
  const send = async (each) => {
    const body = new FormData();
    body.append("check", JSON.stringify(each.facts));
    if (each.photo) body.append("photo", each.photo, "photo");
    return fetch(say.send, { method: "POST", body, headers: { "X-CSRFToken": token() }, credentials: "same-origin" });
  };
  const busy = (response) => response.status === 429 || response.status === 503;
  const failed = (response) => response && response.status >= 500 && !busy(response);
  const later = (response) => !response || busy(response) || failed(response);
  const whyLater = (response) => (!response ? say.kept : busy(response) ? say.busy : say.failed);
  const why = async (response) => {
    const { detail } = await response.json().catch(() => ({}));
    return typeof detail === "string" ? detail : JSON.stringify(detail || response.status);
  };
  // A phone may be shared: what somebody found is sent in his name and in nobody else's.
  const mine = async () => (await inStore("readonly", (store) => store.getAll())).filter((each) => each.user === say.user);
  const show = async (told) => {
    const waiting = await mine();
    box.hidden = !waiting.length && !told;
    box.dataset.count = String(waiting.length);
    const refused = waiting.filter((each) => each.refused);
    const unsent = waiting.length - refused.length;
    const text = [told, unsent ? `${unsent} ${say.one}` : ""].filter(Boolean).join(" ");
    const [line, list] = box.children;
    if (line.textContent !== text) line.textContent = text; // what has not changed is not read out again
    const key = JSON.stringify(refused.map((each) => [each.uuid, each.refused]));
    if (list.dataset.key === key) return;
    list.dataset.key = key;
    list.replaceChildren(...refused.map(item));
  };
  // What the site refused stays until who found it has corrected and sent it, or discards it.
  const item = (each) => {
    const made = document.createElement("li");
    const text = document.createElement("span");
    text.textContent = `${each.facts.meter}：${say.refused} ${each.refused} `;
    made.append(text, button(say.takeBack, () => takeBack(each)), " ", button(say.discard, () => discard(each)));
    return made;
  };
  const button = (title, act) => {
    const made = document.createElement("button");
    Object.assign(made, { type: "button", className: "quiet", textContent: title });
    made.addEventListener("click", act);
    return made;
  };
  const takeBack = (each) => {
    const typed = form.elements.meter.value.trim() && form.elements.uuid.value !== each.uuid;
    if (typed && !window.confirm(say.overwrite)) return;
    fill(each);
    form.elements.meter.focus();
  };
  const discard = async (each) => {
    if (!window.confirm(say.discardAsk)) return;
    await inStore("readwrite", (store) => store.delete(each.uuid));
    if (form.elements.uuid.value === each.uuid) fresh(); // what is still in the form is another check
    await show("");
    form.elements.meter.focus();
  };
  let sending = false;
  let signedOut = false;
  let underway = null; // what the form itself is sending: kept already, and sent once
  const putOff = (each) => inStore("readwrite", (store) => store.put({ ...each, after: Date.now() + slowly }));
  const sendAll = async () => {
    if (sending) return;
    sending = true;
    let told = "";
    try {
      for (const each of await mine()) {
        if (each.uuid === underway || each.refused || each.after > Date.now()) continue;
        const response = await send(each).catch(() => null);
        if (failed(response)) { // this one; others may be taken
          await putOff(each);
          told = say.failed;
          continue;
        }
        if (later(response)) break;
        signedOut = response.status === 401 || response.status === 403;
        if (signedOut) { told = say.signIn; break; }
        if (response.ok) {
          await inStore("readwrite", (store) => store.delete(each.uuid));
          told = say.sent;
        } else {
          each.refused = await why(response);
          await inStore("readwrite", (store) => store.put(each));
        }
      }
    } finally {
      sending = false;
      await show(told);
    }
  };

  const submit = async (each) => {
    const fault = document.getElementById("fault");
    fault.hidden = true;
    const before = await inStore("readonly", (store) => store.get(each.uuid)); // refused once, and corrected
    await inStore("readwrite", (store) => store.put(each)); // kept first: nothing is lost, whatever comes
    const response = await send(each).catch(() => null);
    if (later(response)) {
      if (failed(response)) await putOff(each);
      form.reset();
      fresh();
      await show(whyLater(response));
    } else if (response.status === 401 || response.status === 403) {
      await show(say.signIn);
    } else if (response.ok) {
      await inStore("readwrite", (store) => store.delete(each.uuid));
      form.reset();
      fresh();
      await show(say.sent);
    } else {
      fault.textContent = await why(response);
      fault.hidden = false;
      const refused = fault.textContent;
      await inStore("readwrite", (store) => (before ? store.put({ ...each, refused }) : store.delete(each.uuid)));
      await show("");
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
    form.elements.at.value = local(new Date());
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
    if (!signedOut && (await mine()).some((each) => !each.refused && !(each.after > Date.now()))) sendAll();
  }, again);
  sendAll();

  // A label of the site holds an address that ends in ?code=…; others hold the number, or an address that ends in it.
  const meterOf = (text) => {
    let code = "";
    try {
      code = new URL(text).searchParams.get("code");
    } catch {
      // no address
    }
    return (code || text.split("/").filter(Boolean).pop() || "").trim().slice(0, 80);
  };

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
      form.elements.meter.value = meterOf(code.rawValue.trim());
      video.hidden = true;
      for (const track of stream.getTracks()) track.stop();
      return undefined;
    };
    look();
  });
})();
