import { describe, expect, it } from 'vitest';
import { serviceFailed } from './serviceFailed.ts';
import { nearMiss } from './testDetections.ts';
import { TestHost } from './testHost.ts';
import { told } from './testPlay.ts';

const SYSLOG = '/var/log/syslog';

class Host extends TestHost {
  constructor() {
    super({ detectors: [serviceFailed] });
    this.second();
  }

  systemd(...messages: string[]): void {
    for (const message of messages) this.log(`Nov 21 03:00:01 web1 systemd[1]: ${message}`, SYSLOG);
  }

  seconds(count: number): void {
    for (let n = 0; n < count; n++) this.second();
  }

  /** As systemd 252 says it, with `Restart=on-failure`: it lives, fails, waits and is started again. */
  cycle(livesSeconds: number, waitsSeconds: number, count: number): void {
    this.seconds(livesSeconds);
    this.systemd(
      'web.service: Main process exited, code=exited, status=3/NOTIMPLEMENTED',
      "web.service: Failed with result 'exit-code'.",
    );
    this.seconds(waitsSeconds);
    this.systemd(
      `web.service: Scheduled restart job, restart counter is at ${count}.`,
      'Stopped web.service - The shop.',
      'Started web.service - The shop.',
    );
  }
}

describe('a service that systemd starts again after each failure', () => {
  it.each([
    ['five seconds', 1, 5],
    ['a minute', 1, 60],
    ['two minutes, after living for a while', 60, 120],
  ])('every %s is one event, that counts', (_, lives, waits) => {
    const host = new Host();
    for (let n = 1; n <= 8; n++) host.cycle(lives, waits, n);
    host.seconds(3);
    const [event, ...others] = told(host, 'service.failed');
    expect(others).toEqual([]);
    expect(host.events.filter((one) => one.endedAt !== undefined).length).toBeLessThanOrEqual(1);
    expect(event).toMatchObject({
      severity: 'warning',
      title: expect.stringMatching(/^web\.service failed, 8 times(?: in \d+ min)? \(exit-code\)$/),
      detail: { unit: 'web.service', failures: 8, status: 'exits 3' },
    });
    expect(event?.verdict).toMatch(
      /^web\.service failed 8 times.*; its process exits 3, after [\d.]+ s at most; systemd starts it again each time/,
    );
  });

  it('is over once it stands for longer than it ever did', () => {
    const host = new Host();
    for (let n = 1; n <= 3; n++) host.cycle(30, 5, n);
    host.seconds(55);
    expect(host.open).toHaveLength(1);
    host.seconds(10);
    expect(host.open).toEqual([]);
    expect(told(host, 'service.failed')).toHaveLength(1);
  });

  it('is over at once when somebody starts it, or stops it', () => {
    const host = new Host();
    host.systemd("web.service: Failed with result 'exit-code'.");
    host.systemd('Started web.service - The shop.');
    expect(host.open).toEqual([]);
    host.cycle(1, 5, 1);
    host.seconds(6);
    host.systemd("web.service: Failed with result 'exit-code'.", 'Stopped web.service - The shop.');
    expect(host.open).toEqual([]);
  });

  it('that exits otherwise than with 0 when it is told to, as a JVM does, has not failed', () => {
    const host = new Host();
    for (let n = 0; n < 3; n++) {
      host.systemd('Stopping web.service - The shop...');
      host.second();
      host.systemd(
        'web.service: Main process exited, code=exited, status=143/n/a',
        "web.service: Failed with result 'exit-code'.",
        'Stopped web.service - The shop.',
        'Started web.service - The shop.',
      );
      host.seconds(60);
    }
    expect(host.told).toEqual([]);
    nearMiss('service.failed');
    host.systemd('Stopping web.service - The shop...');
    host.seconds(90);
    host.systemd("web.service: Failed with result 'timeout'.");
    expect(host.open).toHaveLength(1);
  });

  it('is over with a run of a timer that ends well', () => {
    const host = new Host();
    host.systemd("backup.service: Failed with result 'exit-code'.");
    host.seconds(60);
    host.systemd('Finished backup.service - Nightly backup.');
    expect(host.open).toEqual([]);
  });
});

it('what fails in a person’s own session is not the host’s', () => {
  const host = new Host();
  host.log("Nov 21 03:00:01 web1 systemd[1453]: pulseaudio.service: Failed with result 'exit-code'.", SYSLOG);
  expect(host.told).toEqual([]);
  nearMiss('service.failed');
});

it('what had failed before a reboot has not failed after it', () => {
  const host = new Host();
  host.systemd("web.service: Failed with result 'exit-code'.");
  host.bootId = 'another';
  host.second();
  expect(host.open).toEqual([]);
});

it('what the journal and a followed log both say is counted once', () => {
  const host = new Host();
  const failed = "web.service: Failed with result 'exit-code'.";
  host.kernel(`systemd[1]: ${failed}`, { source: 'journalctl _PID=1' });
  host.systemd(failed);
  host.seconds(5);
  host.systemd(failed);
  host.kernel(`systemd[1]: ${failed}`, { source: 'journalctl _PID=1' });
  host.seconds(3);
  expect(told(host, 'service.failed')).toMatchObject([{ detail: { failures: 2 } }]);
  expect(host.told[0]?.evidence).toMatchObject([{ source: SYSLOG }]);
});

describe('supervisord', () => {
  const say = (host: Host, text: string) =>
    host.log(`2026-11-21 03:00:01,123 ${text}`, '/var/log/supervisor/supervisord.log');

  it('that starts a program again and again, and gives up', () => {
    const host = new Host();
    for (let n = 1; n <= 4; n++) {
      say(host, `INFO spawned: 'worker' with pid ${100 + n}`);
      host.second();
      say(host, 'WARN exited: worker (exit status 1; not expected)');
      host.seconds(n);
    }
    say(host, 'INFO gave up: worker entered FATAL state, too many start retries too quickly');
    expect(told(host, 'service.failed')).toMatchObject([
      {
        severity: 'critical',
        title: 'worker failed, 4 times (exits 1); supervisord gave up restarting it',
        detail: { unit: 'worker', manager: 'supervisord', failures: 4 },
      },
    ]);
    host.seconds(600);
    expect(host.open).toHaveLength(1);
    say(host, "INFO spawned: 'worker' with pid 200");
    say(
      host,
      'INFO success: worker entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)',
    );
    host.seconds(21);
    expect(host.open).toEqual([]);
  });

  it('that starts workers anew which end as expected, or quotes itself in another log', () => {
    const host = new Host();
    for (let n = 1; n <= 6; n++) {
      say(host, 'INFO exited: worker (exit status 0; expected)');
      say(host, `INFO spawned: 'worker' with pid ${100 + n}`);
      host.log('app said: INFO exited: worker (exit status 1; not expected)', '/srv/app.log');
      host.second();
    }
    expect(host.told).toEqual([]);
    nearMiss('service.failed');
  });
});

describe('upstart', () => {
  const say = (host: Host, text: string) => host.log(`Oct  3 22:19:59 web1 init: ${text}`, SYSLOG);

  it('that respawns a job until it has had enough', () => {
    const host = new Host();
    for (let n = 1; n <= 5; n++) {
      say(host, `shop main process (${800 + n}) terminated with status 2`);
      say(host, 'shop main process ended, respawning');
      host.second();
    }
    host.seconds(2);
    expect(told(host, 'service.failed')).toMatchObject([
      { severity: 'warning', title: 'shop failed, 5 times (exits 2)' },
    ]);
    say(host, 'shop respawning too fast, stopped');
    expect(host.open).toMatchObject([{ severity: 'critical' }]);
  });

  it('whose job stands after all, and one that somebody stops', () => {
    const host = new Host();
    say(host, 'failsafe main process (827) killed by TERM signal');
    expect(host.told).toEqual([]);
    nearMiss('service.failed');
    say(host, 'shop main process (900) killed by SEGV signal');
    say(host, 'shop main process ended, respawning');
    host.seconds(21);
    expect(host.told).toHaveLength(1);
    expect(host.open).toEqual([]);
  });
});
