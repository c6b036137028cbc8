/**
 * What a daemon says when it will not start because another one stands.
 * - `running`: it names the other (`pid`), or not
 * - `address`: its port is taken
 */
export interface Refusal {
  kind: 'running' | 'address';
  pid?: number;
  port?: number;
}

/** Undefined for every other line. The line is hostile: what it names is to be looked at, never to be believed. */
export function parseRefusal(text: string): Refusal | undefined {
  const line = text.length > 4096 ? text.slice(0, 4096) : text;
  if (!/already|in use|EADDRINUSE|exists/i.test(line)) return undefined;
  for (const pattern of WITH_PID) {
    const pid = Number(pattern.exec(line)?.[1]);
    if (pid > 1 && pid <= 4_194_304) return { kind: 'running', pid };
  }
  if (/EADDRINUSE|address (?:is )?already in use|port \d+ is (?:already )?in use/i.test(line)) {
    const port = portIn(line);
    return { kind: 'address', ...(port === undefined ? {} : { port }) };
  }
  return WITHOUT_PID.some((pattern) => pattern.test(line)) ? { kind: 'running' } : undefined;
}

/** Unicorn, PostgreSQL, Apache, cron, Puma, generic daemons. */
const WITH_PID = [
  /already running (?:on|with|as|under|at)? ?\(?pid[ :=#]{0,3}(\d{1,7})\b/i,
  /already running[^0-9a-z]{0,4}(?:pid|process(?: id)?)[ :=#]{0,3}(\d{1,7})\b/i,
  /is another \w+ \(PID (\d{1,7})\) running/i,
  /\(pid (\d{1,7})\) (?:is )?already running/i,
  /\b(?:pid|process) #?(\d{1,7}) (?:is )?already running/i,
  /(?:pid ?file|lock ?file|\.pid)\b.{0,80}exists.{0,40}\bpid[ :=#]{0,3}(\d{1,7})\b/i,
  /(?:locked|lock held|held) by (?:pid|process) (\d{1,7})\b.*already/i,
];

const WITHOUT_PID = [
  /\b(?:server|daemon|instance|process|service|\w+d) is already running/i,
  /^(?:.*[\s:])?already running\b/i,
  /another (?:instance|copy) .{0,40}already running/i,
  /\bpid ?file\b.{0,120}\b(?:already )?exists/i,
  /\.pid["']? (?:already )?exists/i,
];

/** `:::3000`, `0.0.0.0:80`, `('0.0.0.0', 8000)`, `port 8080`. Errno and line numbers are not ports. */
function portIn(line: string): number | undefined {
  const patterns = [
    /\bport[ :=]{1,2}(\d{1,5})\b/i,
    /', (\d{1,5})\)/,
    /(?:\d{1,3}(?:\.\d{1,3}){3}|\*|localhost|\]|::):(\d{1,5})\b/i,
    /:(\d{2,5})\s*(?:$|[\s,;)]*(?:\(|address already))/i,
  ];
  for (const pattern of patterns) {
    const port = Number(pattern.exec(line)?.[1]);
    if (port >= 1 && port <= 65_535) return port;
  }
  return undefined;
}
