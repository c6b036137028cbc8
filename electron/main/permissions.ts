/** The parts of Electron's Session that are used. */
export interface PermissionsApi {
  setPermissionRequestHandler(
    handler: (webContents: unknown, permission: string, callback: (granted: boolean) => void) => void,
  ): void;
  setPermissionCheckHandler(handler: () => boolean): void;
  setDevicePermissionHandler(handler: () => boolean): void;
}

/** Nothing that Chromium guards by a permission is needed: copy and paste go through the menu's roles and key events. */
export function denyPermissions(session: PermissionsApi): void {
  session.setPermissionRequestHandler((_webContents, _permission, callback) => callback(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}
