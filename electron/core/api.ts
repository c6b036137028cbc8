import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '../../shared/base/clock.ts';
import type { DirectoryListing, Snapshot } from '../../shared/contract/commands.ts';
import { failure } from '../../shared/contract/errors.ts';
import type { CommandHandlers } from '../../shared/contract/rpc.ts';
import type { HostId } from '../../shared/model/host.ts';
import type { Incident, IncidentId } from '../../shared/model/incident.ts';
import type { Prompt } from '../../shared/model/prompt.ts';
import type { UserSettings } from '../../shared/model/userSettings.ts';
import type { WorkspaceProblem } from '../../shared/model/workspace.ts';
import type { LayoutState } from '../../shared/panes/layoutState.ts';
import { detectorThresholds } from './detectors/detectors.ts';
import { askHost } from './diagnosis/askHost.ts';
import { diagnose } from './diagnosis/diagnose.ts';
import { ownAccount } from './homes/ownAccount.ts';
import type { OpenedWorkspace } from './openedWorkspace.ts';
import { exportReport } from './report/exportReport.ts';
import type { PromptQueue } from './sessions/promptQueue.ts';
import { readRecentWorkspaces } from './store/recentWorkspaces.ts';
import { sharedAwsAccess } from './transports/ssm/awsAccess.ts';
import { awsFailure } from './transports/ssm/awsFailure.ts';
import { readInventory } from './transports/ssm/inventory.ts';
import { listSessions } from './transports/ssm/listSessions.ts';
import { VERSION } from './version.ts';
import { IMPORTERS } from './workspace/importers.ts';
import { saveWorkspaceFile } from './workspace/saveWorkspaceFile.ts';
import { parseWorkspace } from './workspace/workspaceFile.ts';

const SNAPSHOT_EVENTS = 500;
const LISTED_ENTRIES = 2000;

export function snapshotOf(of: {
  home: 'electron' | 'web' | 'cli';
  opened: OpenedWorkspace;
  prompts: readonly Prompt[];
  now: number;
  settings: UserSettings;
}): Snapshot {
  const { opened } = of;
  return {
    version: VERSION,
    home: of.home === 'electron' ? 'electron' : 'web',
    now: of.now,
    workspace: opened.view,
    hosts: [...opened.hosts.values()].map((h) => h.summary),
    panes: opened.panes.list(),
    layout: opened.store.readLayout() ?? null,
    prompts: [...of.prompts],
    incident: opened.incident,
    events: opened.store.readEvents({ limit: SNAPSHOT_EVENTS }),
    recordDirectory: opened.store.directory,
    settings: of.settings,
  };
}

/** Of what a look printed, so much is kept with the event: every window reads the newest events. */
const KEPT_OUTPUT = 65_536;

/** Binds the contract's commands to the services of whatever workspace is open when they arrive. */
export function createCommandHandlers(core: {
  dataDirectory: string;
  clock: Clock;
  current: () => OpenedWorkspace;
  snapshot: () => Snapshot;
  openMachine: () => Promise<void>;
  openFile: (path: string, partial: boolean) => Promise<{ opened: boolean; problems: WorkspaceProblem[] }>;
  approveCommands: () => void;
  writeLayoutToFile: (layout: LayoutState) => Promise<{ path: string }>;
  prompts: PromptQueue;
}): CommandHandlers {
  const { current } = core;

  function host(id: HostId) {
    const live = current().hosts.get(id);
    if (!live) throw failure('not_found', `no host ${id} in this workspace`);
    return live;
  }

  function incident(id: IncidentId): Incident {
    const found = current().store.readIncident(id);
    if (!found) throw failure('not_found', 'no such incident in this record');
    return found;
  }

  return {
    'app.snapshot': async () => core.snapshot(),

    'workspace.recent': async () => readRecentWorkspaces(core.dataDirectory),
    async 'workspace.open'({ path, partial }) {
      const { opened, problems } = await core.openFile(expandHome(path), partial);
      if (!opened) {
        const errors = problems.filter((p) => p.severity === 'error').length;
        throw failure(
          'workspace_invalid',
          `${path}: ${errors} ${errors === 1 ? 'problem' : 'problems'}`,
          undefined,
          problems,
        );
      }
      return core.snapshot();
    },
    async 'workspace.openMachine'() {
      await core.openMachine();
      return core.snapshot();
    },
    async 'workspace.check'({ text }) {
      const context = { file: 'this text', homeDirectory: ownAccount().home, detectors: detectorThresholds };
      return parseWorkspace(text, context).problems;
    },
    'workspace.save': async ({ path, text, overwrite }) =>
      saveWorkspaceFile(expandHome(path), text, overwrite),
    async 'workspace.import'({ source, path }) {
      const file = resolve(expandHome(path));
      const text = await readFile(file, 'utf8').catch((error: Error) => {
        throw failure('not_found', `${file}: ${error.message}`, 'Check the path and its permissions.');
      });
      const imported = IMPORTERS[source](text, { file, homeDirectory: ownAccount().home });
      if (!imported.ok) throw failure('refused', imported.error.message, imported.error.advice);
      return imported.value;
    },
    async 'workspace.approve'({ contentHash }) {
      if (current().workspace.contentHash !== contentHash) {
        throw failure(
          'refused',
          'the workspace has changed since this was shown',
          'Read it again, then approve.',
        );
      }
      core.approveCommands();
      return null;
    },
    async 'aws.inventory'(place) {
      // Asked on behalf of no host: the question says which profile it is for.
      const aws = sharedAwsAccess({
        place,
        host: 'AWS' as HostId,
        prompter: core.prompts,
        clock: core.clock,
      });
      try {
        return await readInventory(aws);
      } catch (error) {
        const { reason, advice } = awsFailure(error, 'list what can be opened');
        throw failure('refused', reason, advice);
      }
    },
    async 'aws.sessions'({ host: id }) {
      host(id);
      const aws = current().awsHostOf(id);
      if (!aws) throw failure('refused', `${id} is not reached through AWS.`);
      try {
        return await listSessions(aws.spec, aws.aws);
      } catch (error) {
        const { reason, advice } = awsFailure(error, 'list the sessions');
        throw failure('refused', reason, advice);
      }
    },
    'files.list': ({ path }) => listDirectory(expandHome(path)),

    async 'host.reconnect'({ host: id }) {
      host(id).session.reconnect();
      return null;
    },
    async 'host.disconnect'({ host: id }) {
      host(id).session.disconnect();
      return null;
    },
    async 'prompt.answer'({ prompt, answer }) {
      core.prompts.answer(prompt, answer);
      return null;
    },

    async 'pane.open'({ host: id, columns, rows, ...how }) {
      host(id);
      return current().openPane(id, { columns, rows }, how);
    },
    async 'pane.close'({ pane }) {
      current().panes.close(pane);
      return null;
    },
    async 'pane.resize'({ pane, columns, rows }) {
      current().panes.resize(pane, { columns, rows });
      return null;
    },
    async 'pane.restart'({ pane, another }) {
      current().panes.restart(pane, another);
      return null;
    },
    async 'pane.keepAlive'({ pane }) {
      current().panes.keepAlive(pane);
      return null;
    },
    'pane.attach': async ({ pane, replayBytes }, window) => current().panes.attach(window, pane, replayBytes),
    'pane.recording': async ({ pane, fromByte, maxBytes }) => {
      const { bytes, totalBytes } = await current().panes.readRecording(pane, fromByte, maxBytes);
      return { base64: Buffer.from(bytes).toString('base64'), fromByte, totalBytes };
    },
    'scrollback.read': ({ pane, from, count, fresh }) => current().scrollback.read(pane, from, count, fresh),
    'scrollback.search': ({ pane, ...query }) => current().scrollback.search(pane, query),
    'layout.writeToFile': ({ layout }) => core.writeLayoutToFile(layout),
    async 'layout.save'({ layout }) {
      current().store.putLayout(layout);
      return null;
    },

    async 'processes.watch'({ host: id }, window) {
      current().watchProcesses(window, id);
      const sample = id === null ? undefined : host(id).latestSample;
      return sample ? { at: sample.at, rows: [...sample.table] } : null;
    },
    'series.read': async ({ host: id, from, to, points }) => current().store.readSeries(id, from, to, points),

    'timeline.read': async ({ before, limit }) =>
      current().store.readEvents({ limit, ...(before === undefined ? {} : { before }) }),
    async 'timeline.note'({ text, at, host: id }) {
      if (id !== undefined) host(id);
      return current().publish({
        kind: 'note',
        severity: 'info',
        source: 'person',
        at: at ?? core.clock.now(),
        title: text,
        detail: {},
        evidence: [],
        actions: [],
        ...(id === undefined ? {} : { host: id }),
      });
    },

    async 'diagnosis.run'({ host: id, diagnosis, target, asRoot, event }) {
      const found = await diagnose(
        { host: id, diagnosis, asRoot, ...(target ? { target } : {}) },
        host(id).session,
        () => core.clock.now(),
      );
      const kept = current().publish({
        kind: 'evidence.collected',
        severity: 'info',
        source: 'person',
        at: found.startedAt,
        host: id,
        title: `${found.title} looked at`,
        detail: { diagnosis, tookMs: found.tookMs, ...(target ? { pid: target.pid } : {}) },
        evidence: [
          {
            type: 'output',
            command: found.command,
            text: found.output.slice(0, KEPT_OUTPUT),
            ...(found.exitCode === undefined ? {} : { exitCode: found.exitCode }),
          },
        ],
        actions: [],
        ...(event === undefined ? {} : { relatesTo: event }),
      });
      return { ...found, event: kept.id };
    },
    'host.ask': ({ host: id, command }) => askHost(id, command, host(id).session, () => core.clock.now()),
    async 'evidence.keep'({ title, outputs }) {
      return current().publish({
        kind: 'evidence.collected',
        severity: 'info',
        source: 'person',
        at: core.clock.now(),
        title,
        detail: {},
        evidence: outputs.map((output) => ({ type: 'output', ...output })),
        actions: [],
      });
    },

    'profile.plan': async (wanted) => {
      host(wanted.host);
      return await current().profiles.plan(wanted);
    },
    'profile.run': ({ plan, event }) => current().profiles.run(plan, event),
    async 'profile.cancel'({ plan }) {
      current().profiles.cancel(plan);
      return null;
    },
    'profile.list': async () => current().profiles.list(),
    'profile.read': async ({ profile }) => current().profiles.read(profile),
    async 'profile.compare'({ profile, against }) {
      current().profiles.keepComparison(profile, against);
      return null;
    },
    'remediation.plan': ({ host: id, request, event }) => {
      host(id);
      return current().remediation.plan({ host: id, request, ...(event === undefined ? {} : { event }) });
    },
    'remediation.execute': ({ plan }) => current().remediation.execute(plan),
    'remediation.verify': ({ plan }) => current().remediation.verify(plan),
    'remediation.list': async () => current().store.readRemediations(),

    async 'incident.start'({ title, severity, impactBeganAt }) {
      const opened = current();
      if (opened.incident) {
        throw failure('refused', `INC-${opened.incident.number} is running already`, 'End it first.');
      }
      const startedAt = core.clock.now();
      const started = opened.store.startIncident({
        title,
        severity,
        startedAt,
        ...(impactBeganAt === undefined ? {} : { impactBeganAt }),
      });
      opened.setIncident(started);
      opened.publish({
        kind: 'incident.started',
        severity: 'info',
        source: 'person',
        at: startedAt,
        title: `INC-${started.number} declared: ${title} (${severity})`,
        detail: { incident: started.id, number: started.number, severity },
        evidence: [],
        actions: [],
      });
      return started;
    },
    async 'incident.update'({ incident: id, ...changes }) {
      const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
      const updated: Incident = { ...incident(id), ...given };
      current().setIncident(updated);
      return updated;
    },
    async 'incident.end'({ incident: id }) {
      const known = incident(id);
      if (known.endedAt !== undefined) throw failure('refused', `INC-${known.number} has ended already`);
      const endedAt = core.clock.now();
      const ended = { ...known, endedAt, resolvedAt: known.resolvedAt ?? endedAt };
      current().setIncident(ended);
      current().publish({
        kind: 'incident.ended',
        severity: 'info',
        source: 'person',
        at: endedAt,
        title: `INC-${ended.number} ended: ${ended.title}`,
        detail: { incident: ended.id, number: ended.number },
        evidence: [],
        actions: [],
      });
      return ended;
    },
    'incident.list': async () => current().store.readIncidents(),
    async 'report.export'({ incident: id, format, timeZone }) {
      const opened = current();
      return exportReport({
        store: opened.store,
        workspaceName: opened.workspace.name,
        format,
        now: core.clock.now(),
        ...(id === undefined ? {} : { incident: incident(id).id }),
        ...(timeZone === undefined ? {} : { timeZone }),
      });
    },
  };
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(ownAccount().home, path.slice(1)) : path;
}

const FOLDER_FAULTS: Record<string, string> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'this is a file, not a folder',
  EACCES: 'your account may not read this folder',
  EPERM: 'your account may not read this folder',
};

async function listDirectory(path: string): Promise<DirectoryListing> {
  try {
    const directory = await realpath(path === '' ? ownAccount().home : resolve(path));
    const entries = await readdir(directory, { withFileTypes: true });
    const parent = dirname(directory);
    return {
      path: directory,
      parent: parent === directory ? null : parent,
      entries: entries
        .map((e) => ({ name: e.name, directory: e.isDirectory() }))
        .sort((a, b) => Number(b.directory) - Number(a.directory) || a.name.localeCompare(b.name))
        .slice(0, LISTED_ENTRIES),
    };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw failure('not_found', `${path}: ${FOLDER_FAULTS[code] ?? message}`);
  }
}
