import { readFileSync } from 'node:fs';

/** A number from 0 to 65535, or a name of services(5) for TCP; `undefined` for anything else (a2port in misc.c). */
export function readPort(text: string): number | undefined {
  if (/^\d{1,5}$/.test(text)) {
    const port = Number(text);
    return port <= 65_535 ? port : undefined;
  }
  return /^[A-Za-z][A-Za-z0-9_.+-]*$/.test(text) ? servicePort(text) : undefined;
}

function servicePort(name: string): number | undefined {
  try {
    for (const line of readFileSync('/etc/services', 'utf8').split('\n')) {
      const [first, port, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
      if (port?.endsWith('/tcp') && (first === name || aliases.includes(name)))
        return Number.parseInt(port, 10);
    }
  } catch {
    // Not every system has the file.
  }
  return undefined;
}
