import { contentSecurityPolicy } from '../core/homes/contentSecurityPolicy.ts';
import { readRendererFile } from '../core/homes/rendererFile.ts';
import { APP_SCHEME, isAppUrl } from './appOrigin.ts';

/** The parts of Electron's `protocol` that are used. `registerSchemesAsPrivileged` must be called before the app is ready. */
export interface ProtocolApi {
  registerSchemesAsPrivileged(
    schemes: {
      scheme: string;
      privileges: { standard: boolean; secure: boolean; supportFetchAPI: boolean };
    }[],
  ): void;
  handle(scheme: string, handler: (request: Request) => Promise<Response>): void;
}

export function registerAppScheme(protocol: ProtocolApi): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the built renderer at app://fireline/, and nothing outside its folder. */
export function serveRenderer(protocol: ProtocolApi, rendererDirectory: string): void {
  protocol.handle(APP_SCHEME, (request) => answerAppRequest(request, rendererDirectory));
}

export async function answerAppRequest(
  request: Pick<Request, 'url' | 'method'>,
  rendererDirectory: string,
): Promise<Response> {
  if (!isAppUrl(request.url) || request.method !== 'GET')
    return new Response('Nothing here.', { status: 403 });
  const file = await readRendererFile(rendererDirectory, new URL(request.url).pathname);
  if (!file) return new Response('Nothing here.', { status: 404, headers: HEADERS });
  return new Response(file.content, { status: 200, headers: { ...HEADERS, 'Content-Type': file.mediaType } });
}

const HEADERS = {
  'Content-Security-Policy': contentSecurityPolicy(),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};
