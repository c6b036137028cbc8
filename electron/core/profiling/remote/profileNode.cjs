// biome-ignore-all lint/style/useNodejsImportProtocol: node knows `node:` since 14.18 only
// biome-ignore-all lint/complexity/useOptionalChain: since 14
// Runs on the host, by the very node that the processes run: profiles them all in the same seconds, through their
// inspectors, which are open only while a profile is begun and while it is fetched. Written for node 8 and later.
// arguments: BOOT_ID SECONDS INTERVAL_US BOUND_SECONDS PID:START_TICKS…
// It speaks in lines of JSON, and ends what it began when its standard input ends, which it does with the link.
'use strict';
const fs = require('fs');
const http = require('http');
const crypto = require('crypto');
const { URL } = require('url');
const { execFileSync } = require('child_process');

const [bootId, seconds, interval, bound, ...wanted] = process.argv.slice(1);
const targets = wanted.map((one) => {
  const [pid, startTicks] = one.split(':').map(Number);
  return { pid, startTicks };
});
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const read = (path) => fs.readFileSync(path, 'utf8');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let ending = false;
let wake = () => {};
function end() {
  ending = true;
  wake();
}
process.stdin.on('end', end);
process.stdin.on('error', end);
process.stdin.resume();
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, end);
process.stdout.on('error', end);
// Where nobody reads and nothing says that the link is gone, what is written would wait for ever.
setTimeout(() => {
  end();
  setTimeout(() => process.exit(5), Math.min(8, Number(bound)) * 1000).unref();
}, Number(bound) * 1000).unref();

/** Fields of /proc/PID/stat after the name, which may hold anything: the first is the state. */
const statOf = (pid) => {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

const versions = new Map();
function isNode(pid) {
  const exe = `/proc/${pid}/exe`;
  const { dev, ino } = fs.statSync(exe);
  const own = fs.statSync('/proc/self/exe');
  if (dev === own.dev && ino === own.ino) return true;
  const key = `${dev} ${ino}`;
  if (!versions.has(key)) {
    const name = fs
      .readlinkSync(exe)
      .replace(/ \(deleted\)$/, '')
      .split('/')
      .pop();
    let version = '';
    if (/^(node|nodejs)(-?\d[\d.]*)?$/.test(name))
      version = String(execFileSync(exe, ['--version'], { timeout: 3000, env: {} }));
    versions.set(key, /^v\d+\.\d+/.test(version));
  }
  return versions.get(key);
}

/** Why this one cannot be profiled so. SIGUSR1 ends what does not expect it. */
function refusal({ pid, startTicks }) {
  try {
    if (read('/proc/sys/kernel/random/boot_id').trim() !== bootId) return 'the host has rebooted since';
    if (read('/proc/self/stat').split(' ')[0] !== String(process.pid))
      return '/proc is of another pid namespace here: the signal would reach another process';
    const stat = statOf(pid);
    if (Number(stat[19]) !== startTicks) return 'it is another process by now';
    if (/[ZX]/.test(stat[0])) return 'it is dead';
    if (/[Tt]/.test(stat[0])) return 'it is stopped, and would not answer';
    if (!isNode(pid)) return 'its executable is not node: SIGUSR1 would end it';
    const status = read(`/proc/${pid}/status`);
    // SIGUSR1 is the tenth bit of the mask (proc_pid_status).
    if ((parseInt(/^SigCgt:\s*[0-9a-f]*([0-9a-f]{3})$/m.exec(status)[1], 16) & 0x200) === 0)
      return 'it does not catch SIGUSR1 (started with --disable-sigusr1, or still starting): the signal would end it';
    if (fs.readlinkSync(`/proc/${pid}/ns/net`) !== fs.readlinkSync('/proc/self/ns/net'))
      return 'it runs in a network namespace of its own (a container), where its inspector cannot be reached from here';
    const flags = `${read(`/proc/${pid}/cmdline`)}\0${optionsOf(pid)}`;
    const port = /--(?:inspect|debug)-port[=\0]([^\0 ]*)/.exec(flags);
    if (port && /[:\]]|[a-z]/i.test(port[1]) && !/^(127\.0\.0\.1|localhost|\[::1\])(:|$)/.test(port[1]))
      return `its inspector would listen on ${port[1].slice(0, 60)}, for others too`;
    return undefined;
  } catch (error) {
    return error.code === 'ENOENT' || error.code === 'ESRCH'
      ? 'it is gone'
      : `it may not be looked at (${error.code || error.message})`;
  }
}

function optionsOf(pid) {
  const found = read(`/proc/${pid}/environ`)
    .split('\0')
    .find((one) => one.startsWith('NODE_OPTIONS='));
  return found === undefined ? '' : found.slice(13).replace(/ /g, '\0');
}

/** Ports on which it listens itself: its sockets by inode, in the table of TCP (proc_net_tcp: state 0A). */
function portsOf(pid) {
  const own = new Set();
  for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
    try {
      const found = /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (found) own.add(found[1]);
    } catch (_) {
      // Closed meanwhile.
    }
  }
  return read('/proc/net/tcp')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((field) => field[3] === '0A' && own.has(field[9]))
    .map((field) => ({ inode: field[9], port: parseInt(field[1].split(':')[1], 16) }));
}

/** What an open inspector answers under; undefined where this port is none. */
function inspectorAt(port) {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/json/list', timeout: 2000 }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
        if (text.length > 65536) request.destroy();
      });
      response.on('error', () => resolve(undefined));
      response.on('close', () => resolve(undefined));
      response.on('end', () => {
        try {
          const { pathname } = new URL(JSON.parse(text)[0].webSocketDebuggerUrl);
          resolve({ port, pathname });
        } catch (_) {
          resolve(undefined);
        }
      });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

/** A WebSocket as far as the inspector uses it (RFC 6455): text frames, ours masked, none divided. */
function connect({ port, pathname }) {
  return new Promise((resolve, reject) => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': crypto.randomBytes(16).toString('base64'),
      'Sec-WebSocket-Version': 13,
    };
    const request = http.get({ host: '127.0.0.1', port, path: pathname, headers, timeout: 4000 });
    request.on('timeout', () => request.destroy(new Error('its inspector does not answer')));
    request.on('error', reject);
    request.on('response', () => reject(new Error('its inspector is in use')));
    request.on('upgrade', (_, socket, head) => {
      socket.setTimeout(0);
      const waiting = new Map();
      let parts = [head];
      let length = head.length;
      let needed = 2;
      let last = 0;
      const over = () => {
        for (const give of waiting.values()) give(undefined);
        waiting.clear();
      };
      socket.on('data', (data) => {
        parts.push(data);
        length += data.length;
        if (length < needed) return;
        let buffer = Buffer.concat(parts);
        for (;;) {
          const short = buffer.length < 2 ? 0 : buffer[1] & 127;
          const start = short === 127 ? 10 : short === 126 ? 4 : 2;
          if (buffer.length < start) {
            needed = start;
            break;
          }
          const size =
            short === 127
              ? buffer.readUInt32BE(2) * 4294967296 + buffer.readUInt32BE(6)
              : short === 126
                ? buffer.readUInt16BE(2)
                : short;
          if (size > 134217728) {
            socket.destroy();
            return;
          }
          if (buffer.length < start + size) {
            needed = start + size;
            break;
          }
          if ((buffer[0] & 15) === 1) {
            const answer = JSON.parse(buffer.slice(start, start + size).toString());
            const give = waiting.get(answer.id);
            if (give) give(answer);
          }
          buffer = buffer.slice(start + size);
        }
        parts = [buffer];
        length = buffer.length;
      });
      socket.on('error', over);
      socket.on('close', over);
      resolve({
        /** Undefined when it was not answered. */
        evaluate(expression, ms) {
          return new Promise((give) => {
            const id = ++last;
            const timer = setTimeout(() => give(undefined), ms);
            waiting.set(id, (answer) => {
              clearTimeout(timer);
              give(answer);
            });
            const params = { expression, includeCommandLineAPI: true, returnByValue: true };
            const body = Buffer.from(JSON.stringify({ id, method: 'Runtime.evaluate', params }));
            const mask = crypto.randomBytes(4);
            for (let at = 0; at < body.length; at++) body[at] ^= mask[at & 3];
            const size =
              body.length < 126
                ? Buffer.from([0x80 | body.length])
                : Buffer.from([0xfe, body.length >> 8, body.length & 255]);
            socket.write(Buffer.concat([Buffer.from([0x81]), size, mask, body]));
          });
        },
        close: () => socket.destroy(),
      });
    });
  });
}

const OPENS_WITHIN_MS = 15000;

/** Whether anyone listens on the inspector's own port, 9229. */
const isTaken = () => /^ *\d+: [0-9A-F]{8}:240D \S+ 0A /m.test(read('/proc/net/tcp'));

/** Of what we profile: the inspectors that were open before we came are left open. */
const before = new Map();

/** Opens its inspector, has one expression evaluated in it, and closes it again. */
async function inside(target, expression) {
  const { pid } = target;
  if (!before.has(pid)) before.set(pid, new Set(portsOf(pid).map((one) => one.inode)));
  const known = before.get(pid);
  let found;
  let opened = true;
  for (const { port, inode } of portsOf(pid)) {
    found = found || (await inspectorAt(port));
    if (found && known.has(inode)) opened = false;
  }
  // Another process may hold the port for a moment, each has the same one: it is waited for, and tried again.
  const until = Date.now() + OPENS_WITHIN_MS;
  while (!found && Date.now() < until) {
    while (isTaken() && Date.now() < until) await pause(20 + Math.random() * 60);
    if (Number(statOf(pid)[19]) !== target.startTicks) throw new Error('it is another process by now');
    process.kill(pid, 'SIGUSR1');
    for (let look = 0; !found && look < 24; look++) {
      await pause(25);
      const fresh = portsOf(pid).filter((one) => !known.has(one.inode));
      for (const { port } of fresh) found = found || (await inspectorAt(port));
    }
  }
  if (!found)
    throw new Error(
      'its inspector did not open within 15 s: another program may hold its port, or the process is held up and may still open it later',
    );
  const session = await connect(found);
  let answer;
  try {
    answer = await session.evaluate(expression, 10000);
  } finally {
    if (opened) await close(target, session);
    session.close();
  }
  if (!answer) throw new Error('it did not answer within 10 s');
  if (answer.error) throw new Error(answer.error.message);
  if (answer.result.exceptionDetails) {
    const { exception, text } = answer.result.exceptionDetails;
    throw new Error(String((exception && exception.description) || text).split('\n')[0]);
  }
  return answer.result.result.value;
}

/**
 * `process._debugEnd()`: the port is closed, and with it what is connected. Node asks its event loop to open an inspector
 * besides interrupting what runs (Agent::RequestIoThreadStart): a loop that has not turned meanwhile would open it once more.
 */
const END =
  'setImmediate(() => { process._debugEnd(); setImmediate(() => process._debugEnd()); }); process._debugEnd()';
async function close({ pid }, session) {
  const isClosed = () => portsOf(pid).every((one) => before.get(pid).has(one.inode));
  session.evaluate(END, 3000);
  for (let look = 0; look < 120; look++) {
    if (isClosed()) return true;
    await pause(25);
  }
  return false;
}

// A session of the process with itself: it profiles on while the port is closed. Should nobody come back, it ends
// itself. Which process it really is, it says by its own pid, the innermost of NSpid.
const KEY = "Symbol.for('fireline.profile')";
const LOAD = "(typeof require === 'function' ? require : process.getBuiltinModule)('inspector')";
function begin(pid) {
  const inner = Number(/^NSpid:.*?(\d+)$/m.exec(read(`/proc/${pid}/status`))[1]);
  return `(() => {
    if (process.pid !== ${inner}) throw new Error('another process answered');
    if (global[${KEY}]) throw new Error('it is being profiled already');
    const session = new (${LOAD}.Session)();
    session.connect();
    const post = (method, params) => { let failed; session.post(method, params, (error) => { failed = error; }); if (failed) throw new Error(failed.message); };
    post('Profiler.enable');
    post('Profiler.setSamplingInterval', { interval: ${Number(interval)} });
    post('Profiler.start');
    const timer = setTimeout(() => { delete global[${KEY}]; session.disconnect(); }, ${(Number(seconds) + 60) * 1000});
    timer.unref();
    Object.defineProperty(global, ${KEY}, { value: { session, timer }, configurable: true });
  })()`;
}
const FINISH = `(() => {
  const own = global[${KEY}];
  if (!own) throw new Error('its profile has ended by itself');
  delete global[${KEY}];
  clearTimeout(own.timer);
  let result;
  own.session.post('Profiler.stop', (error, value) => { result = value; });
  own.session.disconnect();
  return JSON.stringify(result ? result.profile : null);
})()`;

/** What is folded from it, and no more. */
function slim(profile) {
  return {
    nodes: profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber }, children }) => ({
      id,
      callFrame: { functionName, url, lineNumber },
      children,
    })),
    samples: profile.samples,
    timeDeltas: profile.timeDeltas,
  };
}

async function main() {
  const begun = [];
  for (const target of targets) {
    if (ending) break;
    const why = refusal(target);
    if (why !== undefined) {
      say({ pid: target.pid, failed: why });
      continue;
    }
    try {
      await inside(target, begin(target.pid));
      begun.push(target);
      say({ pid: target.pid, begun: true });
    } catch (error) {
      say({ pid: target.pid, failed: error.message });
    }
  }
  if (begun.length > 0 && !ending) {
    say({ sampling: true });
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, Number(seconds) * 1000);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  const cancelled = ending;
  if (!cancelled) say({ fetching: true });
  for (const target of begun) {
    try {
      const text = await inside(target, FINISH);
      if (!cancelled) say({ pid: target.pid, profile: slim(JSON.parse(text)) });
    } catch (error) {
      say({ pid: target.pid, failed: error.message });
    }
  }
  // Whatever happened: no inspector stays open that we opened.
  for (const target of targets) {
    if (!before.has(target.pid)) continue;
    say({ pid: target.pid, closed: await isClosedAgain(target) });
  }
}

async function isClosedAgain(target) {
  const { pid, startTicks } = target;
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (Number(statOf(pid)[19]) !== startTicks) return true;
      const left = portsOf(pid).filter((one) => !before.get(pid).has(one.inode));
      if (left.length === 0) return true;
      for (const { port } of left) {
        const found = await inspectorAt(port);
        // A port of the program's own, opened meanwhile, is none of ours.
        if (!found) return true;
        const session = await connect(found);
        await close(target, session);
        session.close();
      }
    }
    return false;
  } catch (error) {
    return error.code === 'ENOENT' || error.code === 'ESRCH';
  }
}

main()
  .catch((error) => say({ failed: error.message }))
  .then(() => {
    process.stdin.pause();
    process.stdin.destroy();
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.removeAllListeners(signal);
  });
