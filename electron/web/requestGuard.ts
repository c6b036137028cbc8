import type { IncomingMessage } from 'node:http';
import { cookieFor, sameSecret } from './accessToken.ts';

/** Why a request is refused. `message` is shown to whoever asked: it says what to do and nothing else. */
export interface Refusal {
  status: 400 | 401 | 403 | 405;
  message: string;
}

export interface RequestGuard {
  readonly origin: string;
  readonly cookie: { name: string; value: string };
  /** Host and Origin: who may talk to us at all. `undefined`: may pass. */
  source(request: IncomingMessage, kind: 'http' | 'webSocket'): Refusal | undefined;
  /** The cookie that the token was exchanged for. */
  session(request: IncomingMessage): Refusal | undefined;
  /** The token in `?token=`. */
  token(given: string): Refusal | undefined;
}

const SIGN_IN = 'Open the address that Fireline printed when it started; it carries the token.\n';

/**
 * Checks of the web host's requests. `Host` must be exactly ours, against DNS rebinding; `Origin`, where a browser sends
 * one, must be exactly ours, and on a WebSocket it must be there, since any page may open one to us.
 */
export function requestGuard(token: string, port: number): RequestGuard {
  const host = `127.0.0.1:${port}`;
  const origin = `http://${host}`;
  const cookie = cookieFor(token, port);
  return {
    origin,
    cookie,
    source(request, kind) {
      if (request.headers.host !== host) {
        return {
          status: 403,
          message: `This is Fireline at ${origin}/ and nowhere else. To reach it from another machine, forward the same port: ssh -L ${port}:127.0.0.1:${port}\n`,
        };
      }
      const from = request.headers.origin;
      if (from === undefined ? kind === 'webSocket' : from !== origin) {
        return { status: 403, message: 'Requests from other origins are refused.\n' };
      }
      return undefined;
    },
    session(request) {
      const given = readCookies(request.headers.cookie ?? '', cookie.name);
      return given.some((value) => sameSecret(value, cookie.value))
        ? undefined
        : { status: 401, message: SIGN_IN };
    },
    token(given) {
      return sameSecret(given, token)
        ? undefined
        : { status: 403, message: `This token is not the one of this Fireline. ${SIGN_IN}` };
    },
  };
}

/** All values of one name: another server on this address may have set one of the same name. */
function readCookies(header: string, name: string): string[] {
  return header
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
}
