import { contextBridge, ipcRenderer } from 'electron';
import { CONNECT_MESSAGE, connectToCore } from './coreBridge.ts';

/** All that the page gets: one function, for one port to the core (renderer/channel/electronChannel.ts). */
contextBridge.exposeInMainWorld('fireline', {
  connect: () =>
    connectToCore(new MessageChannel(), (port) => ipcRenderer.postMessage(CONNECT_MESSAGE, null, [port])),
});
