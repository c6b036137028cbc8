import { type SubmitEvent, useId, useState } from 'react';
import type { AwsInventory, Missing } from '../../../shared/model/awsInventory.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { Sheet, SheetButtons } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import styles from './AwsDialog.module.css';
import { type AwsChoice, awsWorkspace } from './awsWorkspace.ts';
import { WorkspaceEditor } from './WorkspaceEditor.tsx';

/** Instances and services that Session Manager could open, and what keeps it from the others. */
export function AwsDialog() {
  const open = useUi((s) => s.dialog?.kind === 'aws');
  if (!open) return null;
  return (
    <Sheet wide title="Hosts from AWS" onLeave={closeDialog}>
      <AwsSteps />
    </Sheet>
  );
}

function AwsSteps() {
  const [profile, setProfile] = useState('');
  const [region, setRegion] = useState('');
  const [reading, setReading] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const [inventory, setInventory] = useState<AwsInventory>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState<string>();
  const profileField = useId();
  const regionField = useId();
  const place = {
    ...(profile.trim() === '' ? {} : { profile: profile.trim() }),
    ...(region.trim() === '' ? {} : { region: region.trim() }),
  };

  async function list(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    setReading(true);
    setRefusal(undefined);
    try {
      setInventory(await call('aws.inventory', place));
      setChosen(new Set());
    } catch (thrown) {
      const { message, advice } = errorOf(thrown);
      setRefusal(advice ? `${message}. ${advice}` : message);
    }
    setReading(false);
  }

  if (text !== undefined) return <WorkspaceEditor initial={text} onCancel={() => setText(undefined)} />;

  const choices = inventory ? choicesOf(inventory) : [];
  const toggle = (key: string) => {
    const next = new Set(chosen);
    if (!next.delete(key)) next.add(key);
    setChosen(next);
  };
  return (
    <form onSubmit={(event) => void list(event)}>
      <div className={styles.place}>
        <div className={sheet.field}>
          <label htmlFor={profileField}>Profile</label>
          <input
            id={profileField}
            value={profile}
            placeholder="as your environment says"
            onChange={(event) => setProfile(event.target.value)}
            spellCheck={false}
          />
        </div>
        <div className={sheet.field}>
          <label htmlFor={regionField}>Region</label>
          <input
            id={regionField}
            value={region}
            placeholder="as the profile says"
            onChange={(event) => setRegion(event.target.value)}
            spellCheck={false}
          />
        </div>
        <button type="submit" className={sheet.button} disabled={reading}>
          {reading ? 'Listing…' : 'List'}
        </button>
      </div>
      {refusal && (
        <p className={sheet.error} role="alert">
          {visibleText(refusal, 600)}
        </p>
      )}
      {inventory && (
        <>
          {inventory.problems.map((problem) => (
            <p key={problem} className={sheet.error} role="alert">
              {visibleText(problem, 600)}
            </p>
          ))}
          {choices.length === 0 && inventory.problems.length === 0 && (
            <p className={sheet.hint}>
              Session Manager knows no instance and ECS no service in {inventory.region}.
            </p>
          )}
          <ul className={styles.list} aria-label={`What can be opened in ${inventory.region}`}>
            {choices.map((choice) => (
              <li key={choice.key}>
                <label data-missing={choice.missing ? true : undefined}>
                  <input
                    type="checkbox"
                    checked={chosen.has(choice.key)}
                    disabled={choice.missing !== undefined}
                    onChange={() => toggle(choice.key)}
                  />
                  <b>{visibleText(choice.title, 80)}</b>
                  <span className={styles.about}>{visibleText(choice.about, 200)}</span>
                  {choice.missing && (
                    <small>
                      {visibleText(choice.missing.reason, 200)}. {visibleText(choice.missing.advice, 300)}
                    </small>
                  )}
                </label>
              </li>
            ))}
          </ul>
        </>
      )}
      <SheetButtons
        disabled={chosen.size === 0}
        onConfirm={() =>
          setText(
            awsWorkspace(
              choices.filter((c) => chosen.has(c.key)).map((c) => c.choice),
              place,
            ),
          )
        }
      >
        {chosen.size === 0 ? 'Make a workspace' : `Make a workspace of ${chosen.size}`}
      </SheetButtons>
    </form>
  );
}

interface Listed {
  key: string;
  title: string;
  about: string;
  missing?: Missing;
  choice: AwsChoice;
}

/** Those that can be opened first. */
function choicesOf({ instances, services }: AwsInventory): Listed[] {
  const listed: Listed[] = [
    ...services.map(
      (service): Listed => ({
        key: `${service.cluster}/${service.name}`,
        title: service.name,
        about: `ECS service in ${service.cluster} · ${service.running} of ${service.desired} tasks · ${service.containers.join(', ')}`,
        ...(service.missing ? { missing: service.missing } : {}),
        choice: { kind: 'service', service },
      }),
    ),
    ...instances.map(
      (instance): Listed => ({
        key: instance.id,
        title: instance.name ?? instance.id,
        about: [
          instance.id,
          instance.ping,
          `agent ${instance.agentVersion}`,
          ...Object.entries(instance.tags).map(([key, value]) => `${key}=${value}`),
        ].join(' · '),
        ...(instance.missing ? { missing: instance.missing } : {}),
        choice: { kind: 'instance', instance },
      }),
    ),
  ];
  return listed.sort((a, b) => Number(a.missing !== undefined) - Number(b.missing !== undefined));
}
