import { KeyRound, ShieldQuestion } from 'lucide-react';
import { type SubmitEvent, useEffect, useId, useRef, useState } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { Prompt, PromptAnswer } from '../../../shared/model/prompt.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { removePrompt, usePrompts } from '../../stores/prompts.ts';
import { useUi } from '../../stores/ui.ts';
import styles from './Prompts.module.css';

/** Questions of connections, one at a time, in a corner: nothing else is kept from working meanwhile. */
export function Prompts() {
  const inSheet = useUi((s) => s.dialog?.kind === 'remediation' || s.dialog?.kind === 'remediations');
  const waiting = usePrompts((s) => s.waiting);
  const prompt = waiting[0];
  if (!prompt || inSheet) return null;
  return (
    <aside className={styles.dock} aria-label="Questions of hosts">
      <PromptCard key={prompt.id} prompt={prompt} more={waiting.length - 1} />
    </aside>
  );
}

/** The same in a sheet that keeps everything else from being reached: what was confirmed there may ask. */
export function SheetPrompts() {
  const waiting = usePrompts((s) => s.waiting);
  const prompt = waiting[0];
  return prompt ? <PromptCard key={prompt.id} prompt={prompt} more={waiting.length - 1} expected /> : null;
}

/** For the sheet: Escape in a question cancels the question alone. */
export function keepSheetForPrompt(event: Event): void {
  if (document.activeElement?.closest('[data-prompt]')) event.preventDefault();
}

interface Field {
  label: string;
  secret: boolean;
}

interface PromptCardProps {
  prompt: Prompt;
  more: number;
  /** It comes of what the person did just now. */
  expected?: boolean;
}

function PromptCard({ prompt, more, expected = false }: PromptCardProps) {
  const title = useId();
  const first = useRef<HTMLInputElement>(null);
  const safe = useRef<HTMLButtonElement>(null);
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string>();
  const fields = fieldsOf(prompt);

  useEffect(() => {
    // Who types somewhere must not find the words in a password field.
    const busy = document.activeElement;
    if (!expected && busy && busy !== document.body && !busy.closest('[data-prompt]')) return;
    (first.current ?? safe.current)?.focus();
  }, [expected]);

  async function answer(value: PromptAnswer): Promise<void> {
    setSending(true);
    setProblem(undefined);
    try {
      await call('prompt.answer', { prompt: prompt.id, answer: value });
      removePrompt(prompt.id);
    } catch (thrown) {
      const error = errorOf(thrown);
      if (error.code === 'not_found') {
        removePrompt(prompt.id);
        useUi.setState({
          notice: { text: `${prompt.host} no longer waits for that answer.`, tone: 'plain' },
        });
      } else setProblem(error.message);
      setSending(false);
    }
  }

  function onSubmit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    void answer(
      prompt.kind === 'hostKey' ? ['yes'] : fields.map((_, i) => String(data.get(`answer${i}`) ?? '')),
    );
  }

  return (
    <form
      data-prompt
      role="dialog"
      aria-modal="false"
      aria-labelledby={title}
      className={styles.card}
      onSubmit={onSubmit}
      autoComplete="off"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        void answer(null);
      }}
    >
      <h2 id={title} className={styles.title}>
        {prompt.kind === 'hostKey' ? (
          <ShieldQuestion size={15} aria-hidden />
        ) : (
          <KeyRound size={15} aria-hidden />
        )}
        <span>{titleOf(prompt)}</span>
        {more > 0 && <small>{more === 1 ? '1 more waits' : `${more} more wait`}</small>}
      </h2>
      <p className={styles.who}>
        for <b>{visibleText(prompt.host, 64)}</b>
        {prompt.hop !== '' && prompt.hop !== prompt.host && (
          <>
            , asked by <b>{visibleText(prompt.hop, 120)}</b>
          </>
        )}
      </p>
      <PromptText prompt={prompt} />
      {fields.map((field, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the questions of one prompt never change
        <label key={index} className={styles.field}>
          <span>{visibleText(field.label, 300)}</span>
          <input
            ref={index === 0 ? first : undefined}
            name={`answer${index}`}
            type={field.secret ? 'password' : 'text'}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            data-1p-ignore
            data-lpignore="true"
          />
        </label>
      ))}
      {problem && (
        <p role="alert" className={styles.problem}>
          {visibleText(problem, 300)}
        </p>
      )}
      <div className={styles.buttons}>
        <button type="button" ref={safe} disabled={sending} onClick={() => void answer(null)}>
          Cancel
        </button>
        {prompt.kind === 'browserSignIn' ? (
          <a className={styles.link} href={prompt.url} target="_blank" rel="noreferrer">
            Open the browser
          </a>
        ) : (
          <button type="submit" data-primary disabled={sending}>
            {prompt.kind === 'hostKey' ? 'Trust this key and connect' : 'Answer'}
          </button>
        )}
      </div>
    </form>
  );
}

function PromptText({ prompt }: { prompt: Prompt }) {
  switch (prompt.kind) {
    case 'passphrase':
      return (
        <>
          {prompt.retry && <p className={styles.problem}>That passphrase did not open the key.</p>}
          <p>
            The key <code>{visibleText(prompt.keyPath, 300)}</code> is locked. The passphrase stays in memory
            only.
          </p>
        </>
      );
    case 'password':
      return prompt.retry ? <p className={styles.problem}>That password was not accepted.</p> : null;
    case 'sudoPassword':
      return (
        <p>
          “{visibleText(prompt.plan, 300)}” was confirmed and needs root. The password of this account is
          handed to sudo on the host, and stored nowhere.
        </p>
      );
    case 'keyboardInteractive':
      return (
        <>
          {prompt.name !== '' && <p>{visibleText(prompt.name, 200)}</p>}
          {prompt.instructions !== '' && (
            <p className={styles.instructions}>
              {prompt.instructions
                .split('\n')
                .map((line) => visibleText(line, 500))
                .join('\n')}
            </p>
          )}
          <p className={styles.faint}>These words are the server’s.</p>
        </>
      );
    case 'browserSignIn':
      return (
        <>
          <p>
            Single sign-on has run out. Sign in with your browser, and see that it shows the code{' '}
            <b>{visibleText(prompt.userCode, 40)}</b>. This closes by itself when you have.
          </p>
          <p className={styles.fingerprint}>{visibleText(prompt.url, 500)}</p>
        </>
      );
    case 'hostKey':
      return (
        <>
          <p>
            <b>{visibleText(prompt.address, 200)}</b> shows a key that is not known yet. Compare its
            fingerprint with the one you were given by whoever runs the host.
          </p>
          <p className={styles.fingerprint}>
            {visibleText(prompt.keyType, 80)}
            <br />
            {visibleText(prompt.fingerprint, 200)}
          </p>
          {prompt.note !== undefined && <p>{visibleText(prompt.note, 600)}</p>}
          <p className={styles.faint}>
            If you trust it, it is written to <code>{visibleText(prompt.knownHostsFile, 300)}</code>, and a
            different key is refused from then on.
          </p>
        </>
      );
  }
}

function titleOf(prompt: Prompt): string {
  switch (prompt.kind) {
    case 'passphrase':
      return 'Passphrase of a key';
    case 'password':
      return `Password of ${visibleText(prompt.user, 100)}`;
    case 'sudoPassword':
      return 'Password for sudo';
    case 'keyboardInteractive':
      return 'The server asks';
    case 'browserSignIn':
      return 'Sign in to AWS';
    case 'hostKey':
      return 'Unknown host key';
  }
}

function fieldsOf(prompt: Prompt): Field[] {
  switch (prompt.kind) {
    case 'passphrase':
      return [{ label: 'Passphrase', secret: true }];
    case 'password':
    case 'sudoPassword':
      return [{ label: 'Password', secret: true }];
    case 'keyboardInteractive':
      return prompt.questions.map((q) => ({ label: q.text, secret: !q.echo }));
    case 'browserSignIn':
    case 'hostKey':
      return [];
  }
}
