import { describe, expect, it } from 'vitest';
import type { HostId } from '../../shared/model/host.ts';
import type { Prompt, PromptId } from '../../shared/model/prompt.ts';
import { bed, host, run, settled } from './cliBed.ts';

describe('prompts', () => {
  const about = { host: 'web1' as HostId, hop: 'web1', askedAt: 0 };
  const password: Prompt = { ...about, id: 'p1' as PromptId, kind: 'password', user: 'deploy', retry: false };
  const hostKey: Prompt = {
    ...about,
    id: 'p2' as PromptId,
    kind: 'hostKey',
    address: '10.0.0.1:22\u001b]52;c;AAAA\u0007',
    keyType: 'ssh-ed25519',
    fingerprint: 'SHA256:abc',
    knownHostsFile: '/home/a/.ssh/known_hosts',
  };

  /** A person who gives these answers, in order. */
  function person(...answers: (string | undefined)[]) {
    const seen: { text: string; echo: boolean }[] = [];
    let written = '';
    bed.terminal = {
      write: (text) => {
        written += text;
      },
      async readLine(text, { echo, signal }) {
        seen.push({ text, echo });
        if (answers.length > 0) return answers.shift();
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
      },
      close: () => seen.push({ text: 'closed', echo: true }),
    };
    return { seen, written: () => written };
  }

  async function ask(...prompts: Prompt[]) {
    bed.core.hosts = [host('web1', { kind: 'authenticating', since: 0, attempt: 1 })];
    const status = run('watch', 'w.yaml');
    await settled();
    for (const data of prompts) bed.core.emitter.fire({ name: 'prompt.asked', data });
    await settled();
    return status;
  }

  it('go to the terminal one after another, secrets without echo', async () => {
    const { seen, written } = person('hunter2', 'yes');
    const status = ask(password, hostKey);
    await settled();
    await settled();
    bed.interrupt.abort();
    await status;
    expect(bed.core.told).toContain('answer p1 ["hunter2"]');
    expect(bed.core.told).toContain('answer p2 ["yes"]');
    expect(seen.map((q) => [q.text, q.echo])).toEqual([
      ['web1: password of deploy: ', false],
      ['Trust it and add it to /home/a/.ssh/known_hosts? (yes/no) ', true],
      ['closed', true],
    ]);
    expect(written()).toContain('SHA256:abc');
    expect(written()).not.toContain('\u001b');
    expect(bed.stdout + bed.stderr).not.toContain('hunter2');
    expect(bed.created[0]?.interactive).toBe(true);
  });

  it('take a host key for trusted on yes alone', async () => {
    person('y');
    const status = ask(hostKey);
    await settled();
    await settled();
    bed.interrupt.abort();
    await status;
    expect(bed.core.told).toContain('answer p2 null');
  });

  it('are taken back when they are settled otherwise', async () => {
    const { seen } = person();
    const status = ask(password);
    await settled();
    bed.core.emitter.fire({ name: 'prompt.settled', data: { prompt: password.id } });
    await settled();
    expect(bed.core.told.filter((line) => line.startsWith('answer'))).toEqual([]);
    expect(seen).toHaveLength(1);
    bed.interrupt.abort();
    await status;
  });

  it('are told and cancelled where there is no terminal', async () => {
    const status = ask(password, hostKey);
    await settled();
    bed.interrupt.abort();
    await status;
    expect(bed.core.told).toContain('answer p1 null');
    expect(bed.core.told).toContain('answer p2 null');
    expect(bed.stderr).toContain(
      'web1 needs an answer and there is no terminal to ask on: web1: password of deploy:',
    );
    expect(bed.stderr).toContain('SHA256:abc');
    expect(bed.stderr).not.toContain('\u001b');
  });
});
