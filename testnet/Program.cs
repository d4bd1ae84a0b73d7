using Bft.Testnet.CommandLine;

using var shutdown = new Shutdown();
return await BftCommandLine.RunAsync(args, Terminal.OfProcess(), ExecutableParts.Compose(), shutdown.Token, shutdown);
