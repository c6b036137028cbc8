import { resolve } from 'node:path';
import { countingClock, systemClock } from '../../shared/base/clock.ts';
import { DisposableStore } from '../../shared/base/disposable.ts';
import { Emitter } from '../../shared/base/emitter.ts';
import { failure } from '../../shared/contract/errors.ts';
import type { ContractEventName, ContractEvents } from '../../shared/contract/events.ts';
import { serveWindow, type WindowLink } from '../../shared/contract/rpc.ts';
import type { HostId } from '../../shared/model/host.ts';
import { sentences } from '../../shared/model/sentences.ts';
import type { Workspace, WorkspaceProblem } from '../../shared/model/workspace.ts';
import type { LayoutState } from '../../shared/panes/layoutState.ts';
import { createCommandHandlers, snapshotOf } from './api.ts';
import type { Core, CoreOptions } from './core.types.ts';
import { detectorThresholds } from './detectors/detectors.ts';
import { letHeapGrow } from './heapGrowth.ts';
import { ownAccount } from './homes/ownAccount.ts';
import { type OpenedWorkspace, openWorkspace } from './openedWorkspace.ts';
import { createPromptQueue } from './sessions/promptQueue.ts';
import { readUserSettings } from './settings/readUserSettings.ts';
import { approvalStore } from './store/approvalStore.ts';
import { nameRecord, openWorkspaceRecord } from './store/openWorkspaceRecord.ts';
import { rememberWorkspace } from './store/recentWorkspaces.ts';
import type { RecordError } from './store/recordError.ts';
import type { RecordStore } from './store/store.types.ts';
import { heldCommands, heldStartUps } from './workspace/approvals.ts';
import { machineWorkspace } from './workspace/machineWorkspace.ts';
import { readWorkspaceFile } from './workspace/workspaceFile.ts';
import { writeLayout } from './workspace/writeLayout.ts';

type CoreEvent = { [N in ContractEventName]: { name: N; data: ContractEvents[N] } }[ContractEventName];

/** The composition root: one open workspace at a time, any number of windows on it. */
export async function createCore(options: CoreOptions): Promise<Core> {
  letHeapGrow();
  const { clock, pending } = countingClock(systemClock);
  const owned = new DisposableStore();
  const windows = new Set<WindowLink>();
  const events = owned.add(new Emitter<CoreEvent>());
  let opened: OpenedWorkspace | undefined;
  let closed = false;

  function emit<Name extends ContractEventName>(name: Name, data: ContractEvents[Name]): void {
    for (const window of windows) window.emit(name, data);
    events.fire({ name, data } as CoreEvent);
  }

  const prompts = owned.add(createPromptQueue({ clock, interactive: options.interactive }));
  owned.add(prompts.onAsked((prompt) => emit('prompt.asked', prompt)));
  owned.add(prompts.onSettled((prompt) => emit('prompt.settled', { prompt })));

  const account = ownAccount();
  const approvals = approvalStore(options.dataDirectory);

  function current(): OpenedWorkspace {
    if (!opened) throw failure('not_found', 'no workspace is open', 'Open one.');
    return opened;
  }

  function open(workspace: Workspace, problems: WorkspaceProblem[]): void {
    const { store, notice } = recordOf(workspace);
    nameRecord(store.directory, workspace);
    opened?.dispose();
    if (opened && opened.store !== store) opened.store.dispose();
    opened = openWorkspace({
      workspace,
      problems,
      held: heldCommands(workspace, approvals),
      heldStartUps: heldStartUps(workspace, approvals),
      store,
      transports: {
        prompter: prompts,
        homeDirectory: account.home,
        environment: process.env,
        clock,
        diagnostic: options.diagnostic,
      },
      clock,
      actor: account.name,
      emit,
      diagnostic: options.diagnostic,
    });
    if (notice) {
      options.diagnostic(notice.message);
      opened.publish({
        kind: 'recording.failed',
        severity: 'warning',
        source: 'workbench',
        at: clock.now(),
        title: sentences(notice.message, notice.advice),
        detail: { directory: store.directory },
        evidence: [],
        actions: [],
      });
    }
    emit('workspace.opened', snapshot());
  }

  /** A workspace that is opened again goes on in the record that it has. */
  function recordOf(workspace: Workspace): { store: RecordStore; notice?: RecordError } {
    if (opened && opened.workspace.path === workspace.path) return { store: opened.store };
    const record = openWorkspaceRecord(options.dataDirectory, workspace, clock);
    if (!record.ok) throw failure('storage', record.error.message, record.error.advice);
    return record.value;
  }

  function snapshot() {
    return snapshotOf({
      home: options.home,
      opened: current(),
      prompts: prompts.pending,
      now: clock.now(),
      settings: readUserSettings(options.dataDirectory),
    });
  }

  async function openMachine(): Promise<void> {
    open(machineWorkspace(), []);
  }

  async function openFile(
    path: string,
    partial: boolean,
  ): Promise<{ opened: boolean; problems: WorkspaceProblem[] }> {
    const file = resolve(path);
    const { workspace, problems } = await readWorkspaceFile(file, {
      homeDirectory: account.home,
      detectors: detectorThresholds,
    });
    const broken = problems.some((p) => p.severity === 'error');
    if (!workspace || (broken && !partial)) return { opened: false, problems };
    open(workspace, problems);
    keep('the list of workspaces', () =>
      rememberWorkspace(options.dataDirectory, { path: file, name: workspace.name, openedAt: clock.now() }),
    );
    return { opened: true, problems };
  }

  /** A disk that is full takes nothing away from the person at the screen: it holds until Fireline ends. */
  function keep(what: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      options.diagnostic(`${what} could not be kept: ${String(error)}`);
    }
  }

  function approveCommands(): void {
    const { contentHash } = current().workspace;
    if (contentHash === undefined) return;
    keep('the approval', () => approvals.approve(contentHash));
    current().approve();
    emit('workspace.opened', snapshot());
  }

  /** What was approved stays so: the file's commands are the same, in other places. */
  async function writeLayoutToFile(layout: LayoutState): Promise<{ path: string }> {
    const of = current();
    const { contentHash: before } = of.workspace;
    const written = await writeLayout(of.workspace, layout);
    const { contentHash: after } = written;
    if (before !== undefined && after !== undefined && approvals.isApproved(before))
      keep('the approval', () => approvals.approve(after));
    of.fileRewritten(written);
    if (of === opened) emit('workspace.opened', snapshot());
    return { path: written.path ?? '' };
  }

  const handlers = createCommandHandlers({
    dataDirectory: options.dataDirectory,
    clock,
    current,
    snapshot,
    openMachine,
    openFile,
    approveCommands,
    writeLayoutToFile,
    prompts,
  });

  const core: Core = {
    attach(channel) {
      const window = serveWindow(channel, {
        handlers,
        onTerminal: (frame, from) => opened?.panes.takeFrame(frame, from),
        onBug: (name, error) =>
          options.diagnostic(
            `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          ),
      });
      windows.add(window);
      window.lifetime.addStop(() => windows.delete(window));
    },
    openMachine,
    openWorkspace: openFile,
    get hosts() {
      return opened ? [...opened.hosts.values()].map((h) => h.summary) : [];
    },
    onEvent: events.event,
    answerPrompt: (prompt, answer) => prompts.answer(prompt, answer),
    approveCommands,
    kernelLog: (host) => liveHost(host).kernelLog,
    probeChannels: (host, most) => liveHost(host).session.probeChannels(most),
    resources() {
      const hosts = opened ? [...opened.hosts.values()] : [];
      return {
        sessions: hosts.length,
        channels: hosts.reduce((sum, host) => sum + host.session.channels.used, 0),
        timers: pending(),
      };
    },
    async close() {
      if (closed) return;
      closed = true;
      for (const window of [...windows]) window.lifetime.dispose();
      opened?.dispose();
      opened?.store.dispose();
      opened = undefined;
      owned.dispose();
    },
    dispose() {
      void core.close();
    },
  };

  function liveHost(host: HostId) {
    const live = current().hosts.get(host);
    if (!live) throw failure('not_found', `no host ${host} in this workspace`);
    return live;
  }

  return core;
}
