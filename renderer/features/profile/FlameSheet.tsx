import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { formatClock, plural } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { Profile, ProfileId, ProfileSummary } from '../../../shared/model/profile.ts';
import {
  buildFlameTree,
  type FlameTree,
  type Measured,
  shareWith,
} from '../../../shared/profiling/flameTree.ts';
import { mergeFolded, readFolded, writeFolded } from '../../../shared/profiling/foldedStacks.ts';
import { speedscopeJson } from '../../../shared/profiling/speedscope.ts';
import { call, errorOf } from '../../stores/connection.ts';
import { compare, readProfile } from '../../stores/profiles.ts';
import { closeDialog, type Dialog, openDialog, useUi } from '../../stores/ui.ts';
import { Sheet } from '../shell/Sheet.tsx';
import styles from './Flame.module.css';
import { FlameGraph } from './FlameGraph.tsx';
import { FrameTable } from './FrameTable.tsx';
import { percent } from './frameWords.ts';
import type { FoundFrames } from './paintFlame.ts';

/** A profile on record as a flame graph, alone or against another. */
export function FlameSheet() {
  const dialog = useUi((s) => s.dialog);
  if (dialog?.kind !== 'flame') return null;
  return (
    <Sheet className={styles.sheet} title="Profiles" onLeave={closeDialog}>
      <Flame request={dialog} key={dialog.profile} />
      <button type="button" className={styles.close} title="Esc" onClick={closeDialog}>
        Close
      </button>
    </Sheet>
  );
}

function Flame({ request }: { request: Extract<Dialog, { kind: 'flame' }> }) {
  const [list, setList] = useState<ProfileSummary[]>();
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    let current = true;
    call('profile.list', {}).then(
      (found) => current && setList(found),
      (thrown) => current && setFailed(errorOf(thrown).message),
    );
    return () => {
      current = false;
    };
  }, []);
  const id = request.profile ?? list?.[0]?.id;
  const main = useProfile(id, setFailed);
  const other = useProfile(request.against, setFailed);
  if (failed !== undefined)
    return (
      <p className={styles.empty} role="alert">
        {visibleText(failed, 500)}
      </p>
    );
  if (list?.length === 0)
    return (
      <p className={styles.empty}>
        Nothing has been profiled yet. Choose a process in the table of a host and press Profile, or profile
        what a “CPU is busy” event names: all processes of a program are taken in the same seconds.
      </p>
    );
  if (!list || !main || (request.against !== undefined && !other))
    return <p className={styles.empty}>Reading the profile…</p>;
  return <Shown key={`${main.id} ${other?.id}`} main={main} other={other} list={list} />;
}

function useProfile(id: ProfileId | undefined, onFailed: (why: string) => void): Profile | undefined {
  const [profile, setProfile] = useState<Profile>();
  useEffect(() => {
    let current = true;
    if (id === undefined) return;
    readProfile(id).then(
      (read) => current && setProfile(read),
      (thrown) => current && onFailed(errorOf(thrown).message),
    );
    return () => {
      current = false;
    };
  }, [id, onFailed]);
  return profile?.id === id ? profile : undefined;
}

/** Of one process, or of all as one. */
function measuredOf(profile: Profile, pid: number | undefined): Measured {
  const chosen = profile.processes.flatMap((process, index) =>
    pid === undefined || process.identity.pid === pid
      ? [{ process, folded: profile.folded[index] ?? '' }]
      : [],
  );
  return {
    stacks: mergeFolded(chosen.map(({ folded }) => readFolded(folded))),
    samples: chosen.reduce((sum, { process }) => sum + process.samples, 0),
  };
}

function Shown({ main, other, list }: { main: Profile; other: Profile | undefined; list: ProfileSummary[] }) {
  const [pid, setPid] = useState<number>();
  const [text, setText] = useState('');
  const [zoom, setZoom] = useState(0);
  const [asTable, setAsTable] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const measured = useMemo(() => measuredOf(main, pid), [main, pid]);
  const tree = useMemo(
    () => buildFlameTree(measured, other && measuredOf(other, undefined)),
    [measured, other],
  );
  const fits = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return wanted === '' ? undefined : (name: string) => name.toLowerCase().includes(wanted);
  }, [text]);
  const found = useMemo(() => fits && foundIn(tree, fits), [tree, fits]);
  const sides = useMemo<[string, string | undefined]>(() => {
    if (other?.host !== main.host) return [main.host, other?.host];
    return [`${main.host} ${formatClock(main.at)}`, `${other.host} ${formatClock(other.at)}`];
  }, [main, other]);
  const notes = [
    ...main.notes,
    ...(other?.notes.filter((note) => !main.notes.includes(note)).map((note) => `${other.host}: ${note}`) ??
      []),
  ];
  const failures = [main, ...(other ? [other] : [])].flatMap((one) =>
    one.processes.flatMap(({ failure, identity }) =>
      failure === undefined ? [] : [`${one.host}: pid ${identity.pid} is not in it: ${failure}.`],
    ),
  );
  const open = (profile: ProfileId, against: ProfileId | undefined) =>
    openDialog({ kind: 'flame', profile, ...(against === undefined ? {} : { against }) });

  function against(id: string): void {
    const chosen = list.find((one) => one.id === id);
    if (chosen) void compare(main.id, chosen.id);
    open(main.id, chosen?.id);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hears a key for what is within
    <div
      className={styles.flame}
      onKeyDown={(event) => {
        if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
        event.preventDefault();
        event.stopPropagation();
        search.current?.focus();
      }}
    >
      <div className={styles.toolbar}>
        <Picker label="Profile" value={main.id} onChange={(id) => open(id as ProfileId, other?.id)}>
          {list
            .filter(({ id }) => id !== other?.id)
            .map((one) => (
              <option key={one.id} value={one.id}>
                {optionWords(one)}
              </option>
            ))}
        </Picker>
        {main.processes.length > 1 && (
          <Picker
            label="Process"
            value={pid === undefined ? '' : String(pid)}
            onChange={(value) => {
              setZoom(0);
              setPid(value === '' ? undefined : Number(value));
            }}
          >
            <option value="">all {main.processes.length}</option>
            {main.processes.map(({ identity, samples }) => (
              <option key={identity.pid} value={identity.pid}>
                pid {identity.pid}, {samples} {plural(samples, 'sample')}
              </option>
            ))}
          </Picker>
        )}
        <Picker label="Compared with" value={other?.id ?? ''} onChange={against}>
          <option value="">nothing</option>
          {list
            .filter(({ id }) => id !== main.id)
            .map((one) => (
              <option key={one.id} value={one.id}>
                {optionWords(one)}
              </option>
            ))}
        </Picker>
        {other && (
          <button type="button" onClick={() => open(other.id, main.id)} title="The other way about">
            Swap
          </button>
        )}
        <span className={styles.spring} />
        <output className={styles.share}>{fits ? `${percent(shareWith(tree, fits))} of all` : ''}</output>
        <input
          ref={search}
          type="search"
          className={styles.search}
          aria-label="Search functions"
          placeholder="Search (/)"
          value={text}
          data-steps-back={text !== '' || undefined}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' || text === '') return;
            setText('');
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <button type="button" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          As a table
        </button>
        <Export profile={main} />
      </div>
      <p className={styles.about}>
        {measured.samples.toLocaleString('en-GB')} {plural(measured.samples, 'sample')}
        {idleWords(main)}
        {zoom !== 0 && (
          <button type="button" className={styles.out} onClick={() => setZoom(0)}>
            Zoomed to {visibleText(tree.nodes[zoom]?.name ?? '', 80)}; show all
          </button>
        )}
        <Legend tree={tree} sides={sides} />
      </p>
      {[...failures, ...notes].map((note) => (
        <p key={note} className={styles.note}>
          {visibleText(note, 500)}
        </p>
      ))}
      {measured.stacks.size === 0 ? (
        <p className={styles.empty}>
          It was on the CPU in none of the looks: there is nothing to draw. Profile it while it is busy.
        </p>
      ) : asTable ? (
        <FrameTable
          tree={tree}
          fits={fits}
          sides={sides}
          onFind={(name) => {
            setText(name);
            setAsTable(false);
          }}
        />
      ) : (
        <FlameGraph tree={tree} zoom={zoom} found={found} onZoom={setZoom} sides={sides} />
      )}
    </div>
  );
}

/** Of each depth, from left to right. The root is nobody's function. */
function foundIn(tree: FlameTree, fits: (name: string) => boolean): FoundFrames {
  return tree.rows.map((row) => row.filter((index) => index > 0 && fits(tree.nodes[index]?.name ?? '')));
}

const optionWords = ({ host, title, at }: ProfileSummary) =>
  visibleText(`${host}: ${title}, ${formatClock(at)}`, 120);

function idleWords({ processes }: Profile): string {
  const known = processes.flatMap(({ idleShare }) => (idleShare === undefined ? [] : [idleShare]));
  if (known.length === 0) return '';
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  return `, busy ${percent(1 - mean)} of the time`;
}

function Picker(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
}) {
  return (
    <label className={styles.picker}>
      <span>{props.label}</span>
      <select value={props.value} onChange={(event) => props.onChange(event.target.value)}>
        {props.children}
      </select>
    </label>
  );
}

function Legend({ tree, sides }: { tree: FlameTree; sides: [string, string | undefined] }) {
  const entries: [string, string][] = tree.compared
    ? [
        ['--flame-more-2', `+ more on ${sides[0]}`],
        ['--flame-less-2', `− less than on ${sides[1]}`],
        ['--flame-same', 'no more than chance'],
      ]
    : [
        ['--flame-application', 'application'],
        ['--flame-library', 'libraries'],
        ['--flame-runtime', 'runtime'],
        ['--flame-kernel', 'kernel'],
        ['--flame-unknown', 'unknown'],
      ];
  return (
    <span className={styles.legend}>
      {entries.map(([token, words]) => (
        <span key={token}>
          <i style={{ background: `var(${token})` }} /> {words}
        </span>
      ))}
    </span>
  );
}

function Export({ profile }: { profile: Profile }) {
  const save = (name: string, content: string) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([content], { type: 'text/plain' }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const stem = `profile-${profile.host}-${new Date(profile.at).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  return (
    <>
      <button
        type="button"
        title="Folded stacks: a line a stack, for grep, flamegraph.pl and others"
        onClick={() =>
          save(`${stem}.folded`, writeFolded(mergeFolded(profile.folded.map((one) => readFolded(one)))))
        }
      >
        Folded
      </button>
      <button
        type="button"
        title="For speedscope.app: each process on its own"
        onClick={() =>
          save(
            `${stem}.speedscope.json`,
            speedscopeJson(
              `${profile.host}: ${profile.title}`,
              profile.way,
              profile.processes.map(({ identity, name }, index) => ({
                name: `pid ${identity.pid} (${name})`,
                stacks: readFolded(profile.folded[index] ?? ''),
              })),
            ),
          )
        }
      >
        Speedscope
      </button>
    </>
  );
}
