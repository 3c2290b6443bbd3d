/** Loaded before a worker: SIGUSR2 blocks its event loop for STALL_MS, as a runaway loop would. */
process.on("SIGUSR2", () => {
  const never = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(never, 0, 0, Number(process.env["STALL_MS"]));
});
