import { type FormEvent, useRef, useState } from 'react';
import { asText, formatMilliseconds, plural } from '../../../shared/model/format.ts';
import { type HostId, isUp } from '../../../shared/model/host.ts';
import { visibleLines, visibleText } from '../../../shared/model/hostText.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { useHosts } from '../../stores/hosts.ts';
import { putEvents } from '../../stores/timeline.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { ScrollableText } from '../shell/ScrollableText.tsx';
import { Sheet } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import styles from './AskDialog.module.css';
import { type Answer, type AnswerGroup, groupAnswers, slowHosts } from './answerGroups.ts';
import { HostChoice } from './HostChoice.tsx';

const AT_HAND = [
  'df -h',
  'uptime',
  'uname -r',
  'free -m',
  'date',
  'cat /etc/os-release',
  'ps aux --sort=-%cpu | head -5',
];

/** One read-only command on many hosts at once: equal answers together, differences marked, slow and failed hosts named. */
export function AskDialog() {
  const open = useUi((s) => s.dialog?.kind === 'ask');
  if (!open) return null;
  return (
    <Sheet className={styles.ask} title="Ask every host" onLeave={closeDialog}>
      <Ask />
    </Sheet>
  );
}

function Ask() {
  const { order, byId } = useHosts();
  const [command, setCommand] = useState('df -h');
  const [chosen, setChosen] = useState<ReadonlySet<HostId>>(
    () => new Set(order.filter((id) => byId[id] && isUp(byId[id].link))),
  );
  const [asked, setAsked] = useState('');
  const [answers, setAnswers] = useState<ReadonlyMap<HostId, Answer>>(new Map());
  const [kept, setKept] = useState(false);
  const round = useRef(0);

  function ask(text: string): void {
    const own = ++round.current;
    const hosts = order.filter((id) => chosen.has(id));
    setAsked(text);
    setKept(false);
    setAnswers(new Map(hosts.map((id) => [id, { kind: 'waiting' }])));
    const put = (host: HostId, answer: Answer) => {
      if (round.current === own) setAnswers((before) => new Map(before).set(host, answer));
    };
    for (const host of hosts)
      call('host.ask', { host, command: text }).then(
        (answer) => put(host, { kind: 'answered', exitCode: undefined, ...answer }),
        (thrown) => put(host, { kind: 'failed', reason: errorOf(thrown).message }),
      );
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (command.trim() !== '' && chosen.size > 0) ask(command.trim());
  }

  async function keep(): Promise<void> {
    const outputs = groupAnswers(answers).map(({ hosts, text, exitCode }) => ({
      command: `${asked}  # ${hosts.join(', ')}`.slice(0, 4096),
      text: text.slice(0, 60_000),
      ...(exitCode === undefined ? {} : { exitCode }),
    }));
    putEvents([
      await call('evidence.keep', {
        title: `${answers.size} ${plural(answers.size, 'host was', 'hosts were')} asked: ${asked}`.slice(
          0,
          300,
        ),
        outputs,
      }),
    ]);
    setKept(true);
  }

  const waiting = [...answers.values()].filter(({ kind }) => kind === 'waiting').length;
  return (
    <form onSubmit={submit}>
      <label className={sheet.field}>
        <span>Command, run as typed on each; reading only is up to you. At most 20 seconds.</span>
        <input
          className={styles.command}
          value={command}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setCommand(event.target.value)}
        />
      </label>
      <div className={styles.sets} role="toolbar" aria-label="Commands at hand">
        {AT_HAND.map((one) => (
          <button
            key={one}
            type="button"
            onClick={() => {
              setCommand(one);
              if (chosen.size > 0) ask(one);
            }}
          >
            {one}
          </button>
        ))}
      </div>
      <HostChoice chosen={chosen} onChoose={setChosen} />
      <footer className={sheet.footer}>
        <button type="button" onClick={closeDialog}>
          Close
        </button>
        <button
          type="button"
          disabled={answers.size === 0 || waiting > 0 || kept}
          onClick={() => void keep()}
          title="Puts these answers on the timeline, as evidence"
        >
          {kept ? 'Kept on the timeline' : 'Keep'}
        </button>
        <button type="submit" data-primary disabled={command.trim() === '' || chosen.size === 0}>
          Ask {chosen.size} host{chosen.size === 1 ? '' : 's'}
        </button>
      </footer>
      {answers.size > 0 && <Answers answers={answers} asked={asked} />}
    </form>
  );
}

function Answers({ answers, asked }: { answers: ReadonlyMap<HostId, Answer>; asked: string }) {
  const groups = groupAnswers(answers);
  const of = (kind: Answer['kind']) => [...answers].filter(([, answer]) => answer.kind === kind);
  const waiting = of('waiting').map(([host]) => host);
  const slow = slowHosts(answers);
  return (
    <section aria-label={`Answers to ${asked}`} aria-live="polite" className={styles.answers}>
      {groups.length > 0 && (
        <p className={styles.summary}>
          {groups.length === 1
            ? `${groups[0]?.hosts.length === 1 ? 'One host answered' : `All ${groups[0]?.hosts.length} that answered say the same`}.`
            : `${groups.length} different answers.`}
        </p>
      )}
      {waiting.length > 0 && <p className={styles.waiting}>Not yet: {waiting.join(', ')}</p>}
      {slow.length > 0 && (
        <p className={styles.slow}>
          Slow:{' '}
          {slow
            .map((host) => {
              const answer = answers.get(host);
              return `${host} (${answer?.kind === 'answered' ? asText(formatMilliseconds(answer.tookMs)) : ''})`;
            })
            .join(', ')}
        </p>
      )}
      {of('failed').map(([host, answer]) => (
        <p key={host} className={styles.failed}>
          <b>{host}</b> {answer.kind === 'failed' && visibleText(answer.reason, 300)}
        </p>
      ))}
      {groups.map((group, index) => (
        <Group key={group.hosts.join()} group={group} first={index === 0} />
      ))}
    </section>
  );
}

function Group({ group, first }: { group: AnswerGroup<HostId>; first: boolean }) {
  const lines = visibleLines(group.text, 60_000).split('\n');
  return (
    <article className={styles.group}>
      <h3>
        {group.hosts.join(', ')}
        {group.exitCode !== 0 && group.exitCode !== undefined && <small> exit status {group.exitCode}</small>}
        {!first && group.odd.size > 0 && (
          <small>
            {' '}
            {group.odd.size} line{group.odd.size === 1 ? '' : 's'} of its own
          </small>
        )}
      </h3>
      <ScrollableText>
        {lines.map((line, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
          <span key={number} data-odd={group.odd.has(number) || undefined}>
            {line}
            {'\n'}
          </span>
        ))}
      </ScrollableText>
    </article>
  );
}
