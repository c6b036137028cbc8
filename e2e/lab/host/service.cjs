// A web service of several processes, for scenarios: service.cjs burn|well. Each serves requests of its own; one kind of
// page has markup that takes far too long to parse, and only `burn` is asked for it.
'use strict';
const kind = process.argv[2] === 'burn' ? 'burn' : 'well';
const page = `<ul>${'<li class="entry"><a href="#">text</a></li>'.repeat(40)}</ul>`;
const stuck = '<'.repeat(1800);

/**
 * Quadratic in brackets that are never closed. It gives its nodes one by one: a generator is a frame of its own in every
 * profile, where V8 would have put a plain function into its caller.
 */
function* parseHtml(text) {
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '<') continue;
    let end = at;
    while (end < text.length && text[end] !== '>') end++;
    yield end - at;
  }
}

function renderPage(text) {
  let sum = 0;
  for (let round = 0; round < 12; round++)
    for (let at = 0; at < text.length; at++) sum = (sum * 31 + text.charCodeAt(at)) % 1000003;
  return sum;
}

function readTemplate(text) {
  return text.split('<li').length;
}

function checkSession(text) {
  let sum = 0;
  for (let at = 0; at < 6000; at++) sum = (sum * 33 + text.charCodeAt(at % text.length)) % 65521;
  return sum;
}

function compressPage(text) {
  let run = 0;
  for (let at = 1; at < text.length; at++) if (text.charCodeAt(at) === text.charCodeAt(at - 1)) run++;
  return run;
}

function writeLog(text) {
  return `${text.length}`.padStart(12).length;
}

function handleRequest(text) {
  let sum = checkSession(page) + readTemplate(page) + renderPage(page) + compressPage(page) + writeLog(page);
  for (const length of parseHtml(text)) sum += length;
  return sum;
}

function serve() {
  const until = Date.now() + (kind === 'burn' ? 45 : 12);
  while (Date.now() < until) handleRequest(kind === 'burn' ? stuck : page);
  setTimeout(serve, kind === 'burn' ? 1 : 28);
}
serve();
