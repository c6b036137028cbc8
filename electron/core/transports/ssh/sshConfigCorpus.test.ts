import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CIPHERS, KEY_ALGORITHMS, KEY_EXCHANGES, MACS } from './config/algorithms.ts';
import { KEYWORDS } from './config/keywords.ts';
import { CONFIG_CORPUS, type ConfigCase } from './fixtures/configCorpus.ts';
import { printSshConfig } from './printSshConfig.ts';
import { resolveSshConfigRunning } from './sshConfig.ts';

const root = mkdtempSync(join(tmpdir(), 'fireline-corpus-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const environment = { ...process.env, HOPS: 'edge', KEYS: '/srv/keys' };

/**
 * Where what is printed here is not what `ssh -G` prints, and why. Every row must be seen, or it is out of date;
 * `sometimes` are those that depend on how and when the installed ssh was built.
 */
const DIFFERENCES: readonly {
  keyword: RegExp;
  why: string;
  sometimes?: true;
  holds(theirs: string | undefined, ours: string | undefined, text: string): boolean;
}[] = [
  ...(
    [
      ['ciphers', CIPHERS, /ciphers/i],
      ['macs', MACS, /macs/i],
      ['kexalgorithms', KEY_EXCHANGES, /kexalgorithms/i],
      ['hostkeyalgorithms', KEY_ALGORITHMS, /hostkeyalgorithms/i],
      ['pubkeyacceptedalgorithms', KEY_ALGORITHMS, /pubkeyaccepted/i],
    ] as const
  ).map(([keyword, family, named]) => ({
    keyword: new RegExp(`^${keyword}$`),
    why: 'What is printed is what is offered: of what ssh would offer, that which can be done here. By default our own order stands, the fastest first.',
    holds: (theirs: string | undefined, ours: string | undefined, text: string) => {
      const possible = (theirs ?? '').split(',').filter((name) => family.supported.includes(name));
      const offered = (ours ?? '').split(',');
      return named.test(text)
        ? possible.length === offered.length && offered.every((name) => possible.includes(name))
        : offered.every((name) => family.supported.includes(name));
    },
  })),
  {
    keyword: /^dynamicforward$/,
    why: 'ssh -G prints a local forward to a socket a second time, as a dynamic one; it is none.',
    holds: (theirs, ours) => (ours?.split('\n') ?? []).every((line) => theirs?.split('\n').includes(line)),
  },
  ...['streamlocalbindmask', 'syslogfacility'].map((keyword) => ({
    keyword: new RegExp(`^${keyword}$`),
    why: 'ssh takes it from blocks for other hosts too; neither has a meaning here.',
    holds: (_theirs: string | undefined, _ours: string | undefined, text: string) =>
      text.toLowerCase().includes(keyword),
  })),
  {
    keyword: /^loglevel$/,
    why: 'Debian shows QUIET by its older name.',
    sometimes: true,
    holds: (theirs, ours) => theirs === 'SILENT' && ours === 'QUIET',
  },
  {
    keyword: /^serveraliveinterval$/,
    why: 'Debian asks after the server every 300 s where nobody can be asked; here the link is watched in any case.',
    sometimes: true,
    holds: (theirs, ours, text) => theirs === '300' && ours === '0' && /batchmode/i.test(text),
  },
  {
    keyword: /^gssapi/,
    why: 'Kerberos is not done here, so nothing is said of it; copies of ssh that are built without it say nothing either.',
    sometimes: true,
    holds: (theirs, ours) => theirs !== undefined && ours === undefined,
  },
  ...['ipqos', 'forwardx11trusted', 'xauthlocation', 'securitykeyprovider'].map((keyword) => ({
    keyword: new RegExp(`^${keyword}$`),
    why: 'The default of the copy of ssh that a distribution built; what it says has no meaning here.',
    sometimes: true as const,
    holds: (theirs: string | undefined, ours: string | undefined) =>
      theirs === theirDefaults().get(keyword) && ours === KEYWORDS.get(keyword)?.standard[0],
  })),
];

let defaults: Map<string, string> | undefined;
/** What the installed ssh says of a host that no line is about. */
function theirDefaults(): Map<string, string> {
  defaults ??= byKeyword(spawnSync('ssh', ['-G', '-F', '/dev/null', 'web1'], { encoding: 'utf8' }).stdout);
  return defaults;
}

function layOut(one: ConfigCase, index: number): { file: string; text: string } {
  const directory = join(root, String(index));
  const place = (text: string) => text.replaceAll('@/', `${directory}/`);
  const files = { ...one.files, config: one.text };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), place(text), { mode: 0o600 });
  }
  return { file: join(directory, 'config'), text: one.text + Object.values(one.files ?? {}).join('') };
}

/** Keyword to its values, one a line, and in ssh's own order. */
function byKeyword(printed: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of printed.split('\n')) {
    const space = line.indexOf(' ');
    if (space < 0) continue;
    const keyword = line.slice(0, space);
    const before = values.get(keyword);
    values.set(keyword, before === undefined ? line.slice(space + 1) : `${before}\n${line.slice(space + 1)}`);
  }
  return values;
}

/** Where the two differ and no row explains it; rows that do are marked as seen. */
function differences(printedByThem: string, printedByUs: string, text: string): string[] {
  const theirs = byKeyword(printedByThem);
  const ours = byKeyword(printedByUs);
  const unexplained: string[] = [];
  for (const keyword of new Set([...theirs.keys(), ...ours.keys()])) {
    const [their, our] = [theirs.get(keyword), ours.get(keyword)];
    if (their === our) continue;
    const row = DIFFERENCES.find((difference) => difference.keyword.test(keyword));
    if (row?.holds(their, our, text)) seen.add(row);
    else unexplained.push(`${keyword}\n  ssh:  ${their}\n  ours: ${our}`);
  }
  return unexplained;
}

/** mulberry32: numbers in [0, 1) that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What ssh says and goes on. */
const HARMLESS = /Unsupported option|Deprecated option|Pseudo-terminal will not|Cannot forward agent socket/;

const seen = new Set<(typeof DIFFERENCES)[number]>();

describe('the corpus resolves as ssh -G does', () => {
  it('holds at least sixty configurations', () => {
    expect(CONFIG_CORPUS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(CONFIG_CORPUS.map((one) => one.name)).size).toBe(CONFIG_CORPUS.length);
  });

  it.each(CONFIG_CORPUS.map((one, index) => ({ ...one, index })))('$from: $name', async (one) => {
    const { file, text } = layOut(one, one.index);
    for (const alias of one.aliases) {
      const run = spawnSync('ssh', ['-G', '-F', file, alias], { encoding: 'utf8', env: environment });
      const target = await resolveSshConfigRunning(alias, { userFile: file, systemFile: null, environment });
      if (one.taken && run.status !== 0) {
        expect(target.faults).toEqual([]);
        continue;
      }
      if (one.refused) {
        expect({ status: run.status, told: target.faults.length > 0 }, run.stdout).toEqual({
          status: 255,
          told: true,
        });
        continue;
      }
      expect({
        status: run.status,
        complaints: run.stderr.split(/\r?\n/).filter((line) => line !== '' && !HARMLESS.test(line)),
      }).toEqual({ status: 0, complaints: [] });
      expect(target.faults).toEqual([]);
      expect(differences(run.stdout, printSshConfig(target), text)).toEqual([]);
    }
  });

  it('holds for lines of the corpus in any order, with a seed', async () => {
    const lines = CONFIG_CORPUS.filter((one) => !one.refused && !one.taken && !one.files).flatMap((one) =>
      // Keywords of Apple's ssh are passed over here, and refused by others without their IgnoreUnknown.
      one.text.split('\n').filter((line) => line.trim() !== '' && !/UseKeychain|AppleThing/.test(line)),
    );
    const random = seeded(20_261_121);
    const file = join(root, 'shuffled');
    let understood = 0;
    for (let round = 0; round < 120; round++) {
      const text = `${Array.from({ length: 2 + Math.floor(random() * 8) }, () => lines[Math.floor(random() * lines.length)]).join('\n')}\n`;
      writeFileSync(file, text, { mode: 0o600 });
      const run = spawnSync('ssh', ['-G', '-F', file, 'web1'], { encoding: 'utf8', env: environment });
      const target = await resolveSshConfigRunning('web1', { userFile: file, systemFile: null, environment });
      expect({ refused: target.faults.length > 0, text }).toEqual({ refused: run.status !== 0, text });
      if (run.status !== 0) continue;
      understood++;
      expect({ differences: differences(run.stdout, printSshConfig(target), text), text }).toEqual({
        differences: [],
        text,
      });
    }
    expect(understood).toBeGreaterThan(60);
  });

  it('has no difference on its list that has gone', () => {
    expect(
      DIFFERENCES.filter((row) => !row.sometimes && !seen.has(row)).map((row) => row.keyword.source),
    ).toEqual([]);
  });

  it('prints its keywords in the order of ssh', async () => {
    const file = join(root, 'order');
    writeFileSync(file, 'LocalForward 1 a:1\nSendEnv LANG\nProxyCommand nc %h %p\nHostKeyAlias k\n');
    const keywords = (printed: string) => [...byKeyword(printed).keys()];
    const run = spawnSync('ssh', ['-G', '-F', file, 'web1'], { encoding: 'utf8', env: environment });
    const target = await resolveSshConfigRunning('web1', { userFile: file, systemFile: null, environment });
    const ours = keywords(printSshConfig(target));
    const theirs = keywords(run.stdout);
    expect(theirs.filter((name) => ours.includes(name))).toEqual(
      ours.filter((name) => theirs.includes(name)),
    );
    expect(target.user).toBe(userInfo().username);
  });
});
