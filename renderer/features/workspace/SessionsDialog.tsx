import { useEffect, useState } from 'react';
import type { AwsSession } from '../../../shared/model/awsInventory.ts';
import type { HostId } from '../../../shared/model/host.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { closeDialog, openDialog, useUi } from '../../stores/ui.ts';
import { Sheet } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import { clockTime } from '../timeline/timeFormat.ts';
import styles from './AwsDialog.module.css';

/** Everyone's sessions with one host; each can be ended, guarded like every remediation. */
export function SessionsDialog() {
  const dialog = useUi((s) => s.dialog);
  const host = dialog?.kind === 'awsSessions' ? dialog.host : undefined;
  if (!host) return null;
  return (
    <Sheet wide title={`Sessions with ${host}`} onLeave={closeDialog}>
      <SessionList host={host} />
      <div className={sheet.footer}>
        <button type="button" onClick={closeDialog}>
          Close
        </button>
      </div>
    </Sheet>
  );
}

function SessionList({ host }: { host: HostId }) {
  const [sessions, setSessions] = useState<AwsSession[]>();
  const [refusal, setRefusal] = useState<string>();
  useEffect(() => {
    let current = true;
    call('aws.sessions', { host }).then(
      (listed) => current && setSessions(listed),
      (thrown) => {
        const { message, advice } = errorOf(thrown);
        if (current) setRefusal(advice ? `${message}. ${advice}` : message);
      },
    );
    return () => {
      current = false;
    };
  }, [host]);
  if (refusal !== undefined)
    return (
      <p className={sheet.error} role="alert">
        {visibleText(refusal, 600)}
      </p>
    );
  if (!sessions) return <p className={sheet.hint}>Asking AWS…</p>;
  if (sessions.length === 0) return <p className={sheet.hint}>Nobody has a session with it.</p>;
  return (
    <ul className={styles.list} aria-label={`Sessions with ${host}`}>
      {sessions.map((session) => (
        <li key={session.id} className={styles.session}>
          <b>{visibleText(session.owner.split('/').at(-1) ?? session.owner, 80)}</b>
          <span className={styles.about}>
            {visibleText(session.id, 120)} · {visibleText(session.status, 20)}
            {session.startedAt !== undefined && ` · since ${clockTime(session.startedAt, Date.now())}`}
          </span>
          <button
            type="button"
            className={sheet.button}
            aria-label={`End session ${session.id}`}
            onClick={() =>
              openDialog({
                kind: 'remediation',
                request: {
                  action: 'aws.terminate_session',
                  label: `End session ${session.id}`,
                  host,
                  arguments: { sessionId: session.id },
                },
              })
            }
          >
            End…
          </button>
        </li>
      ))}
    </ul>
  );
}
