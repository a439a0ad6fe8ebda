var import_local = require("/work/wt/tempo/lib/local");
new import_local.ProcessEngine().start({
  model: {
    name: "m",
    directory: "/work/wt/tempo/test/local/support",
    environment: {},
    command: ["sh", "-c", "setsid sleep 600 & echo $! $$; exec sleep 600"]
  },
  name: "x",
  onLine: ({ text }) => console.log(text)
});
//26ca050c962644a36201a1eef227b70772245cce36b816bf902cb33f417ccf57
