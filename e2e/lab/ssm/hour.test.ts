import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createHostSession } from '../../../electron/core/sessions/hostSession.ts';
import { createPane } from '../../../electron/core/sessions/pane.ts';
import { createAwsAccess } from '../../../electron/core/transports/ssm/awsAccess.ts';
import { createSsmTransport } from '../../../electron/core/transports/ssm/ssmTransport.ts';
import { DisposableStore } from '../../../shared/base/disposable.ts';
import type { HostId } from '../../../shared/model/host.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { acceleratedClock } from '../acceleratedClock.ts';
import { DOUBLE_KEY, doubleInstance } from './doubleAccount.ts';
import { startAwsDouble } from './startAwsDouble.ts';

const INSTANCE = 'i-0123456789abcdef0';
const ROLE = 'arn:aws:iam::111122223333:role/oncall';
const MFA = 'arn:aws:iam::111122223333:mfa/oncall';
/** SSM_HOUR_FACTOR=1 takes the hour itself. */
const FACTOR = Number(process.env['SSM_HOUR_FACTOR'] ?? 120);
const MINUTE = 60_000;
const owned = { store: new DisposableStore() };
afterEach(() => {
  vi.unstubAllEnvs();
  owned.store.dispose();
  owned.store = new DisposableStore();
});

test('an hour of one pane: two losses of the network, the hourly close, expired credentials and an idle time-out', {
  timeout: (60 * MINUTE) / FACTOR + 60_000,
}, async () => {
  const { store } = owned;
  const clock = acceleratedClock(FACTOR);
  const folder = mkdtempSync(join(tmpdir(), 'fireline-hour-'));
  store.addStop(() => rmSync(folder, { recursive: true, force: true }));
  const double = store.add(
    await startAwsDouble({
      clock,
      idleMs: 20 * MINUTE,
      account: {
        instances: [doubleInstance(INSTANCE)],
        roles: [{ arn: ROLE, mfaSerial: MFA, mfaCode: '123456', durationMs: 60 * MINUTE }],
      },
    }),
  );
  writeFileSync(
    join(folder, 'config'),
    `[profile oncall]\nrole_arn = ${ROLE}\nsource_profile = base\nmfa_serial = ${MFA}\nregion = eu-west-1\n`,
  );
  writeFileSync(
    join(folder, 'credentials'),
    `[base]\naws_access_key_id = ${DOUBLE_KEY.accessKeyId}\naws_secret_access_key = ${DOUBLE_KEY.secretAccessKey}\n`,
  );
  const { AWS_ACCESS_KEY_ID: _key, AWS_SECRET_ACCESS_KEY: _secret, ...settings } = double.service.environment;
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));

  let asked = 0;
  const host = 'web1' as HostId;
  const session = store.add(
    createHostSession({
      host,
      clock,
      transport: createSsmTransport(
        { kind: 'ssm', target: INSTANCE, profile: 'oncall' },
        {
          aws: createAwsAccess({
            place: { profile: 'oncall' },
            host,
            clock,
            prompter: {
              interactive: true,
              waiting: [],
              async ask() {
                asked++;
                return ['123456'];
              },
            },
          }),
          clock,
          diagnostic: () => {},
        },
      ),
    }),
  );
  const notices: string[] = [];
  session.onNotice((notice) => notices.push(notice.kind));
  session.start();
  await expect.poll(() => session.link.kind, { timeout: 20_000 }).toBe('good');
  const castFile = join(folder, 'pane.cast');
  const pane = store.add(
    createPane({
      id: 'p' as PaneId,
      wire: 1,
      session,
      size: { columns: 80, rows: 24 },
      castFile,
      clock,
      diagnostic: () => {},
      onChange: () => {},
    }),
  );
  pane.start();
  const recorded = async () => {
    await pane.flush();
    return readFileSync(castFile, 'utf8')
      .split('\n')
      .slice(1)
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as [number, string, string])
      .filter(([, kind]) => kind === 'o')
      .map(([, , text]) => text)
      .join('');
  };
  await expect.poll(recorded, { timeout: 20_000 }).toMatch(/[#$] /);
  pane.input(Buffer.from('stty -echo; i=0; while :; do i=$((i+1)); echo line-$i-; sleep 0.02; done\n'));

  const until = (minute: number) =>
    new Promise<void>((resolve) => {
      clock.after(Math.max(0, minute * MINUTE - (clock.now() - startedAt)), resolve);
    });
  const startedAt = clock.now();
  const expireKeys = () => {
    for (const [id, key] of double.account.keys)
      if (id !== DOUBLE_KEY.accessKeyId) key.expiresAt = Date.now() - 1;
  };

  await until(8);
  double.agents.breakConnections();
  await until(12);
  double.agents.faults.unreachable = true;
  double.agents.breakConnections();
  await until(14);
  double.agents.faults.unreachable = false;
  // Nothing is typed for twenty minutes: the service ends the session, and a new shell takes its place.
  await expect.poll(() => notices, { timeout: (25 * MINUTE) / FACTOR }).toContain('session.expired');
  await expect
    .poll(async () => (await recorded()).split('a new shell').at(1) ?? '', { timeout: 20_000 })
    .toMatch(/[#$] /);
  pane.input(Buffer.from('stty -echo; i=1000000; while :; do i=$((i+1)); echo line-$i-; sleep 0.02; done\n'));
  await until(30);
  expireKeys();
  double.agents.sayBye();
  for (let minute = 32; minute <= 60; minute += 7) {
    await until(minute);
    // Someone is there: the session is not idle.
    pane.input(Buffer.from('\n'));
  }

  const text = await recorded();
  const numbers = [...text.matchAll(/line-(\d+)-/g)].map(([, number]) => Number(number));
  const split = numbers.findIndex((number) => number > 1_000_000);
  const [before, after] = [numbers.slice(0, split), numbers.slice(split)];
  expect(before).toEqual(before.map((_, at) => at + 1));
  expect(after).toEqual(after.map((_, at) => 1_000_001 + at));
  expect(before.length).toBeGreaterThan(100);
  expect(after.length).toBeGreaterThan(100);
  expect(text).toMatch(/── .* timed out .* ──/);
  expect(new Set(notices)).toEqual(new Set(['session.resumed', 'session.expiring', 'session.expired']));
  expect(notices.filter((kind) => kind === 'session.resumed').length).toBeGreaterThanOrEqual(3);
  expect(asked).toBeGreaterThanOrEqual(2);
  expect(session.link.kind).toBe('good');
});
