import type { Clock } from '../../shared/base/clock.ts';
import { type Disposable, DisposableStore } from '../../shared/base/disposable.ts';
import { fail } from '../../shared/base/result.ts';
import type { WorkspaceView } from '../../shared/contract/commands.ts';
import type { ContractEventName, ContractEvents } from '../../shared/contract/events.ts';
import type { WindowLink } from '../../shared/contract/rpc.ts';
import type { HostId } from '../../shared/model/host.ts';
import type { Incident } from '../../shared/model/incident.ts';
import { metricIndex } from '../../shared/model/metric.ts';
import type { PaneId, PaneSummary } from '../../shared/model/pane.ts';
import type { EventId, TimelineEvent } from '../../shared/model/timelineEvent.ts';
import type {
  EcsSpec,
  SsmSpec,
  Workspace,
  WorkspaceHost,
  WorkspaceProblem,
} from '../../shared/model/workspace.ts';
import { panesOfSpec } from '../../shared/panes/layoutFromSpec.ts';
import { recordInputs } from './detectors/inputRecorder.ts';
import { appliesTo, type LiveHost, openLiveHost } from './liveHost.ts';
import { createProfileService, type ProfileService } from './profiling/profileService.ts';
import type { AwsHostOf } from './remediation/controlHost.ts';
import { createRemediationService, type RemediationService } from './remediation/remediation.ts';
import { createSampleStream } from './sampleStream.ts';
import { createScrollback, type Scrollback } from './scrollback/scrollback.ts';
import { mendCasts } from './sessions/mendCasts.ts';
import { createPaneService, type PaneService } from './sessions/paneService.ts';
import { createReturnWatch } from './sessions/returnWatch.ts';
import { createRecordWriter } from './store/recordWriter.ts';
import { settleUnwatched } from './store/settleUnwatched.ts';
import type { RecordStore } from './store/store.types.ts';
import { sharedAwsAccess } from './transports/ssm/awsAccess.ts';
import { followServiceTasks } from './transports/ssm/serviceTasks.ts';
import { ssmAddress } from './transports/ssm/ssmTransport.ts';
import type { TerminalSize, Transport } from './transports/transport.ts';
import type { TransportContext } from './transports/transports.ts';
import { createTransport } from './transports/transports.ts';

export interface OpenedWorkspace extends Disposable {
  readonly workspace: Workspace;
  readonly view: WorkspaceView;
  readonly hosts: ReadonlyMap<HostId, LiveHost>;
  readonly store: RecordStore;
  readonly panes: PaneService;
  readonly scrollback: Scrollback;
  readonly remediation: RemediationService;
  readonly profiles: ProfileService;
  readonly incident: Incident | null;
  setIncident(incident: Incident): void;
  /** The AWS resource behind a host; undefined where there is none. */
  awsHostOf: AwsHostOf;
  /** An event of a person or of the workbench: committed, then told; told all the same where the disk refuses it. */
  publish(event: Omit<TimelineEvent, 'id' | 'revision' | 'seenAt' | 'clockOffsetMs'>): TimelineEvent;
  watchProcesses(window: WindowLink, host: HostId | null): void;
  /** `place`: of the file's own windows; its start-up commands are typed into the pane once they may be. */
  openPane(host: HostId, size: TerminalSize, how?: OpenPane): PaneSummary;
  approve(): void;
  /** Its file has other windows now; its hosts are the same. */
  fileRewritten(workspace: Workspace): void;
}

export interface OpenPane {
  place?: { window: number; pane: number } | undefined;
  durable?: string | undefined;
  after?: PaneId | undefined;
}

/** How often hosts of a tag are compared. */
const PEERS_MS = 10_000;

export interface OpenedWorkspaceOptions {
  workspace: Workspace;
  problems: WorkspaceProblem[];
  /** Host → the command that waits for approval. */
  held: ReadonlyMap<HostId, string>;
  /** Lines that wait for approval before they are typed into panes. */
  heldStartUps: readonly { host: HostId; command: string; typed: true }[];
  store: RecordStore;
  transports: TransportContext;
  clock: Clock;
  actor: string;
  emit: <Name extends ContractEventName>(name: Name, data: ContractEvents[Name]) => void;
  diagnostic: (line: string) => void;
}

/** A workspace while it is open: every host, and what connects it with the record. Disposing ends it all but the record. */
export function openWorkspace(options: OpenedWorkspaceOptions): OpenedWorkspace {
  const { store, clock, emit } = options;
  settleUnwatched(store, options.diagnostic);
  mendCasts(store.castsDirectory, options.diagnostic);
  let workspace = options.workspace;
  const owned = new DisposableStore();
  const hosts = new Map<HostId, LiveHost>();
  const watched = new Map<WindowLink, HostId>();
  let incident = store.readIncidents().find((i) => i.endedAt === undefined) ?? null;
  let heldNow: WorkspaceView['held'] = [
    ...[...options.held].map(([host, command]) => ({ host, command })),
    ...options.heldStartUps,
  ];

  const record = createRecordWriter({
    store,
    clock,
    show: (event) => emit('timeline', event),
    diagnostic: options.diagnostic,
  });
  const onDisk = record.write;
  const publishEvent = record.publish;

  const stream = owned.add(
    createSampleStream({
      clock,
      send: (batch) => emit('samples', batch),
      write: (batch) => onDisk('samples', () => store.addSamples(batch)),
    }),
  );

  const returns = owned.add(createReturnWatch({ clock }));
  const summaries = () => [...hosts.values()].map((h) => h.summary);
  const inputs = owned.add(
    recordInputs({
      directory: store.directory,
      clock,
      hosts: () => workspace.hosts.map(({ id, tags }) => ({ id, tags })),
      diagnostic: options.diagnostic,
    }),
  );

  owned.add(
    clock.every(PEERS_MS, () => {
      const figures = [...hosts.values()].flatMap(({ figures, summary, compare }) =>
        figures ? [{ figures, tags: summary.tags, compare }] : [],
      );
      for (const one of figures) {
        if (one.tags.length === 0) continue;
        const seen = new Set<string>();
        one.compare(
          one.tags.flatMap((tag) => {
            const others = figures.filter((other) => other !== one && other.tags.includes(tag));
            // Two tags of the same hosts are one comparison.
            const key = others.map((other) => other.figures.host).join(' ');
            if (seen.has(key)) return [];
            seen.add(key);
            return [{ tag, others: others.map((other) => other.figures) }];
          }),
        );
      }
    }),
  );

  function addHost(host: WorkspaceHost, transport: Transport): LiveHost {
    const live = owned.add(
      openLiveHost({
        host,
        transport,
        held: options.held.has(host.id) ? 'its command is not approved yet' : undefined,
        logs: workspace.logs,
        thresholds: workspace.thresholds,
        clock,
        record: inputs.add,
        onSample(sample) {
          stream.add(host.id, sample);
          for (const [window, wanted] of watched) {
            if (wanted === host.id) {
              window.emit('processes', { host: host.id, at: sample.at, rows: [...sample.table] });
            }
          }
        },
        publish: publishEvent,
        returns,
        diagnostic: options.diagnostic,
      }),
    );
    hosts.set(host.id, live);
    if (host.transport.kind === 'ssm' || host.transport.kind === 'ecs') awsSpecs.set(host.id, host.transport);
    live.onChange((change) => {
      if (!hosts.has(host.id)) return;
      const { link, sampler, facts, extras } = live.summary;
      if (change === 'link') emit('host.link', { host: host.id, link });
      else if (change === 'extras') {
        if (extras) emit('host.extras', { host: host.id, extras });
      } else {
        emit('host.sampler', { host: host.id, sampler, ...(facts ? { facts } : {}) });
        onDisk('hosts', () => store.putHosts(summaries()));
      }
    });
    return live;
  }

  const awsSpecs = new Map<HostId, SsmSpec | EcsSpec>();
  function awsHostOf(host: HostId) {
    const spec = awsSpecs.get(host);
    return (
      spec && {
        spec,
        aws: sharedAwsAccess({ place: spec, host, prompter: options.transports.prompter, clock }),
      }
    );
  }

  function hostsChanged(): void {
    onDisk('hosts', () => store.putHosts(summaries()));
    emit('hosts', summaries());
  }

  /**
   * A service stands for its tasks. Until some run, its own entry is the host that says so; each task is then a host,
   * and stays on the screen, marked, when it has stopped: its evidence is still wanted.
   */
  function followService(entry: WorkspaceHost & { transport: EcsSpec }): void {
    const aws = sharedAwsAccess({
      place: entry.transport,
      host: entry.id,
      prompter: options.transports.prompter,
      clock,
    });
    const tasks = owned.add(followServiceTasks(entry, { aws, clock, diagnostic: options.diagnostic }));
    let placeholder: LiveHost | undefined = addHost(entry, {
      kind: 'ssm',
      address: ssmAddress(entry.transport),
      async connect() {
        const found = await tasks.look();
        if (!found.ok) return found;
        return fail({ kind: 'retry', reason: 'the service runs no task', advice: 'It is looked for again.' });
      },
    });
    tasks.onStarted((host) => {
      const { id, tags, transport } = host;
      inputs.add({ kind: 'host', host: id, at: clock.now(), tags: [...tags] });
      const inner = createTransport(host, options.transports);
      if (placeholder) {
        hosts.delete(entry.id);
        for (const pane of panes.list()) if (pane.host === entry.id) panes.close(pane.id);
        owned.release(placeholder);
        placeholder = undefined;
      }
      addHost(host, {
        kind: inner.kind,
        address: transport.kind === 'ecs' ? ssmAddress(transport) : inner.address,
        connect: async (signal, onPhase) => {
          const reason = tasks.stopped(host.id);
          return reason === undefined
            ? await inner.connect(signal, onPhase)
            : fail({
                kind: 'refused',
                reason: `the task stopped: ${reason}`,
                advice: 'Its successors appear beside it.',
                gone: true,
              });
        },
      });
      hostsChanged();
    });
    tasks.onStopped(({ host }) => hosts.get(host)?.session.reconnect());
  }

  for (const host of workspace.hosts) {
    if (isService(host)) followService(host);
    else addHost(host, createTransport(host, options.transports));
  }
  onDisk('hosts', () => store.putHosts([...hosts.values()].map((h) => h.summary)));

  const panes = owned.add(
    createPaneService({
      sessionOf: (host) => hosts.get(host)?.session,
      castsDirectory: store.castsDirectory,
      store,
      clock,
      diagnostic: options.diagnostic,
    }),
  );
  owned.add(panes.onPane((pane) => emit('pane', pane)));
  owned.add(panes.onClosed((pane) => emit('pane.closed', { pane })));

  const scrollback = owned.add(
    createScrollback({
      castsDirectory: store.castsDirectory,
      clock,
      flush: () => panes.flush(),
      sizeOf: (id) => panes.list().find((pane) => pane.id === id),
    }),
  );

  const remediation = owned.add(
    createRemediationService({
      sessionOf: (host) => hosts.get(host)?.session,
      awsHostOf,
      runbooksOf: (id) => {
        const host = hosts.get(id)?.summary;
        return host ? workspace.runbooks.filter((one) => appliesTo(one.on, host)) : [];
      },
      prompter: options.transports.prompter,
      latestSample: (host) => hosts.get(host)?.latestSample,
      facts: (host) => hosts.get(host)?.summary.facts,
      store,
      clock,
      actor: options.actor,
      publishEvent,
      publishRecord: (record) => emit('remediation', record),
      cpuBusy: (host, from, to) => meanBusyCores(store, host, from, to),
      diagnostic: options.diagnostic,
    }),
  );

  function publish(draft: Parameters<OpenedWorkspace['publish']>[0]): TimelineEvent {
    const seenAt = clock.now();
    return publishEvent({
      ...draft,
      id: crypto.randomUUID() as EventId,
      revision: 0,
      seenAt,
      clockOffsetMs: 0,
    });
  }

  const profiles = owned.add(
    createProfileService({
      sessionOf: (host) => hosts.get(host)?.session,
      facts: (host) => hosts.get(host)?.summary.facts,
      latestSample: (host) => hosts.get(host)?.latestSample,
      store,
      clock,
      prompter: options.transports.prompter,
      publish,
      onProgress: (progress) => emit('profile', progress),
    }),
  );

  return {
    get workspace() {
      return workspace;
    },
    hosts,
    store,
    panes,
    scrollback,
    remediation,
    profiles,
    awsHostOf,
    get view() {
      const { name, path, contentHash, panes: layout } = workspace;
      return {
        name,
        problems: options.problems,
        held: heldNow,
        runbooks: workspace.runbooks,
        ...(path === undefined ? {} : { path }),
        ...(contentHash === undefined ? {} : { contentHash }),
        ...(layout === undefined ? {} : { panes: layout }),
      };
    },
    get incident() {
      return incident;
    },
    setIncident(next) {
      store.putIncident(next);
      incident = next.endedAt === undefined ? next : null;
      emit('incident', next);
    },
    publish,
    watchProcesses(window, host) {
      if (host === null) {
        watched.delete(window);
        return;
      }
      if (!watched.has(window)) window.lifetime.addStop(() => watched.delete(window));
      watched.set(window, host);
    },
    openPane(host, size, { place, durable, after } = {}) {
      const window = place && workspace.panes?.[place.window];
      const pane = place && window ? panesOfSpec(window.layout)[place.pane] : undefined;
      const lines = pane?.host === host ? pane.run : undefined;
      const held = heldNow.some((one) => one.typed);
      return panes.open(host, size, {
        startUp: lines && { lines, held },
        durable: durable ?? (pane?.host === host ? pane.durable : undefined),
        after,
      });
    },
    approve() {
      heldNow = [];
      for (const host of hosts.values()) host.approve();
      panes.approve();
    },
    fileRewritten({ contentHash, panes: windows }) {
      const { panes: _before, ...rest } = workspace;
      workspace = {
        ...rest,
        ...(contentHash === undefined ? {} : { contentHash }),
        ...(windows ? { panes: windows } : {}),
      };
    },
    dispose: () => owned.dispose(),
  };
}

function isService(host: WorkspaceHost): host is WorkspaceHost & { transport: EcsSpec } {
  return host.transport.kind === 'ecs' && host.transport.service !== undefined;
}

/** Ten minutes at one tick a second. */
const MOST_TICKS = 600;

const BALANCE = [
  metricIndex('fireline.cpu.visible'),
  metricIndex('fireline.cpu.reaped'),
  metricIndex('fireline.cpu.unattributed'),
];

/** Mean of busy cores over the window, from the record; `undefined` where nothing was sampled. */
function meanBusyCores(store: RecordStore, host: HostId, from: number, to: number): number | undefined {
  const busy = store
    .readSeries(host, from, to, MOST_TICKS)
    .map((vector) => BALANCE.reduce((sum, index) => sum + (vector.values[index] ?? Number.NaN), 0))
    .filter(Number.isFinite);
  return busy.length === 0 ? undefined : busy.reduce((a, b) => a + b, 0) / busy.length;
}
