import { readFileSync } from 'node:fs';
import { wholeNumber } from './numbers.ts';

/** A number from 0 to 65535, or a name of services(5) for TCP; `undefined` for anything else (a2port in misc.c). */
export function readPort(text: string): number | undefined {
  const number = wholeNumber(text, 65_535);
  if (number !== undefined) return number;
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
