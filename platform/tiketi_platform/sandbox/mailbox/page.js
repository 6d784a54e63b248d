// The mailbox page: lists mail, newest first, and shows one. Mail is only ever put in as text or in a sandboxed frame.
"use strict";
const el = (id) => document.getElementById(id);
let shown = null;      // id of the message being read
let oldest = null;     // where "Older" goes on, null at the end
let newest = 0;        // the highest id listed
const PAGE = 50;

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function query(more) {
  const terms = new URLSearchParams({ limit: PAGE, ...more });
  if (el("to").value.trim()) terms.set("to", el("to").value.trim());
  return `/api/messages?${terms}`;
}

const time = (ms) => new Date(ms).toLocaleString();

function row(message) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  const subject = document.createElement("strong");
  const about = document.createElement("small");
  subject.textContent = message.subject || "(no subject)";
  about.textContent = `${message.to.join(", ")} · ${time(message.at_ms)}`;
  button.append(subject, about);
  button.dataset.id = message.id;
  button.addEventListener("click", () => read(message.id));
  item.append(button);
  return item;
}

async function list() {
  const page = await get(query({}));
  el("list").replaceChildren(...page.messages.map(row));
  newest = page.messages.length ? page.messages[0].id : 0;
  older(page);
  mark();
}

function older(page) {
  oldest = page.next;
  el("older").hidden = oldest === null;
  el("none").hidden = el("list").childElementCount > 0;
}

async function more() {
  const page = await get(query({ before: oldest }));
  el("list").append(...page.messages.map(row));
  older(page);
}

async function refresh() {
  const stats = await get("/api/stats");
  el("count").textContent = `${stats.messages_count.toLocaleString()} messages`;
  const page = await get(query({ after: newest }));
  if (page.next !== null) return list();
  for (const message of page.messages) {
    el("list").prepend(row(message));
    newest = message.id;
  }
  el("none").hidden = el("list").childElementCount > 0;
}

function mark() {
  for (const button of el("list").querySelectorAll("button")) {
    button.toggleAttribute("aria-current", Number(button.dataset.id) === shown);
  }
}

function show(kind) {
  el("html").hidden = kind !== "html";
  el("text").hidden = kind !== "text";
}

async function read(id) {
  const mail = await get(`/api/messages/${id}`);
  shown = id;
  mark();
  el("subject").textContent = mail.subject || "(no subject)";
  el("from").textContent = mail.from;
  el("recipients").textContent = mail.to.join(", ");
  el("at").textContent = time(mail.at_ms);
  el("text").textContent = mail.text ?? "";
  el("raw").href = `/api/messages/${id}/raw`;
  el("html").src = mail.html === null ? "about:blank" : `/api/messages/${id}/html`;
  el("show-html").hidden = mail.html === null;
  el("show-text").hidden = mail.text === null;
  show(mail.html === null ? "text" : "html");
  el("mail").hidden = false;
}

el("older").addEventListener("click", more);
el("to").addEventListener("input", list);
el("show-html").addEventListener("click", () => show("html"));
el("show-text").addEventListener("click", () => show("text"));
list();
refresh();
setInterval(() => document.hidden || refresh().catch(() => {}), 2000);
