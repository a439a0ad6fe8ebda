/** Starts the container as a process of this machine, where no Docker is needed. It never goes to AWS. */
export const LOCAL_COMMAND = [process.execPath, '--import', 'tsx', 'server.ts'];
