import { randomBytes } from 'node:crypto';
import { type Call, type Operations, optionalTextOf, pageOf, ServiceError, textOf } from './doubleCall.ts';
import type { SessionDoor } from './sessionDoor.ts';

/** Systems Manager, JSON 1.1, target prefix `AmazonSSM`. */
export function ssmOperations(door: SessionDoor): Operations {
  return {
    async StartSession(call) {
      const target = textOf(call, 'Target');
      const instance = call.account.instances.find((i) => i.instanceId === target);
      const isTask = /^ecs:[^_]+_[0-9a-f]{32}_[0-9a-f]{32}-\d+$/.test(target);
      if (instance ? instance.pingStatus !== 'Online' : !isTask)
        throw new ServiceError('TargetNotConnected', `${target} is not connected.`);
      const documentName = optionalTextOf(call, 'DocumentName') ?? 'SSM-SessionManagerRunShell';
      if (!DOCUMENTS.has(documentName))
        throw new ServiceError('InvalidDocument', `Document with name ${documentName} does not exist.`);
      const sessionId = newSessionId(call);
      const stream = await door.start({
        sessionId,
        target,
        documentName,
        parameters: parametersOf(call),
        owner: call.arn,
      });
      return { SessionId: sessionId, StreamUrl: stream.streamUrl, TokenValue: stream.tokenValue };
    },

    async ResumeSession(call) {
      const sessionId = textOf(call, 'SessionId');
      const stream = await door.resume(sessionId);
      if (!stream) throw new ServiceError('DoesNotExistException', `Session ${sessionId} does not exist`);
      return { SessionId: sessionId, StreamUrl: stream.streamUrl, TokenValue: stream.tokenValue };
    },

    async TerminateSession(call) {
      const sessionId = textOf(call, 'SessionId');
      // The service answers with the id whether or not the session still stood.
      await door.terminate(sessionId);
      return { SessionId: sessionId };
    },

    DescribeSessions(call) {
      const state = textOf(call, 'State');
      const filters = listOf(call.input['Filters']);
      const wanted = door.sessions.filter((session) => {
        const active = session.status !== 'Terminated' && session.status !== 'Failed';
        if (active !== (state === 'Active')) return false;
        return filters.every(({ key, value }) => {
          if (key === 'Target') return session.target === value;
          if (key === 'Owner') return session.owner === value;
          if (key === 'SessionId') return session.sessionId === value;
          if (key === 'Status') return session.status === value;
          return true;
        });
      });
      const { page, next } = pageOf(wanted, call, { size: 'MaxResults', token: 'NextToken', most: 200 });
      return {
        Sessions: page.map((session) => ({
          SessionId: session.sessionId,
          Target: session.target,
          Status: session.status,
          StartDate: session.startedAt / 1000,
          ...(session.endedAt === undefined ? {} : { EndDate: session.endedAt / 1000 }),
          DocumentName: session.documentName,
          Owner: session.owner,
          MaxSessionDuration: '',
        })),
        ...(next === undefined ? {} : { NextToken: next }),
      };
    },

    DescribeInstanceInformation(call) {
      const ids = listOf(call.input['Filters'])
        .concat(listOf(call.input['InstanceInformationFilterList']))
        .filter((f) => f.key === 'InstanceIds')
        .flatMap((f) => f.values);
      const known = call.account.instances.filter(
        (i) => i.state === 'running' && (ids.length === 0 || ids.includes(i.instanceId)),
      );
      const { page, next } = pageOf(known, call, { size: 'MaxResults', token: 'NextToken', most: 50 });
      return {
        InstanceInformationList: page.map((i) => ({
          InstanceId: i.instanceId,
          PingStatus: i.pingStatus,
          LastPingDateTime: call.now / 1000 - (i.pingStatus === 'Online' ? 30 : 3600),
          AgentVersion: i.agentVersion,
          IsLatestVersion: false,
          PlatformType: i.platform,
          PlatformName: i.platform === 'Linux' ? 'Debian GNU/Linux' : i.platform,
          ResourceType: 'EC2Instance',
          IPAddress: i.address ?? '10.0.0.10',
          ComputerName: i.name ?? i.instanceId,
        })),
        ...(next === undefined ? {} : { NextToken: next }),
      };
    },

    GetDocument(call) {
      const name = textOf(call, 'Name');
      const { sessionPreferences } = call.account;
      if (name !== 'SSM-SessionManagerRunShell' || !sessionPreferences)
        throw new ServiceError('InvalidDocument', `Document with name ${name} does not exist.`);
      return {
        Name: name,
        DocumentFormat: 'JSON',
        DocumentType: 'Session',
        Content: JSON.stringify({
          schemaVersion: '1.0',
          sessionType: 'Standard_Stream',
          inputs: sessionPreferences,
        }),
      };
    },

    GetConnectionStatus(call) {
      const target = textOf(call, 'Target');
      const instance = call.account.instances.find((i) => i.instanceId === target);
      const connected = instance?.state === 'running' && instance.pingStatus === 'Online';
      return { Target: target, Status: connected ? 'connected' : 'notconnected' };
    },
  };
}

const DOCUMENTS = new Set([
  'SSM-SessionManagerRunShell',
  'AWS-StartSSHSession',
  'AWS-StartPortForwardingSession',
  'AWS-StartPortForwardingSessionToRemoteHost',
  'AWS-StartInteractiveCommand',
  'AWS-StartNonInteractiveCommand',
]);

/** `oncall-0a1b2c3d4e5f60718`: the caller's name and 17 hexadecimal digits. */
export function newSessionId(call: Call): string {
  return `${call.arn.split('/').at(-1) ?? 'session'}-${randomBytes(9).toString('hex').slice(0, 17)}`;
}

function parametersOf(call: Call): Record<string, string[]> {
  const given = call.input['Parameters'];
  if (typeof given !== 'object' || given === null) return {};
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(String) : [String(value)],
    ]),
  );
}

/** SSM's filters come in three spellings. */
function listOf(value: unknown): { key: string; value: string; values: string[] }[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: Record<string, unknown>) => {
    const values = one['Values'] ?? one['valueSet'] ?? [one['value'] ?? one['Value']];
    const texts = (Array.isArray(values) ? values : [values]).map(String);
    return { key: String(one['Key'] ?? one['key']), value: texts[0] ?? '', values: texts };
  });
}
