import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes the next incident number of a data directory: `incidents/INC-7.json` says in which record it is. The file is
 * created exclusively, so two Firelines never give one number twice.
 */
export function takeIncidentNumber(directory: string, describe: (number: number) => object): number {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  let number = Math.max(0, ...readdirSync(directory).map(numberOf)) + 1;
  for (;;) {
    try {
      writeFileSync(join(directory, `INC-${number}.json`), `${JSON.stringify(describe(number))}\n`, {
        flag: 'wx',
        mode: 0o600,
      });
      return number;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
      number += 1;
    }
  }
}

function numberOf(fileName: string): number {
  return Number(/^INC-(\d{1,9})\.json$/.exec(fileName)?.[1] ?? 0);
}
