using System.Runtime.InteropServices;
using Bft.Bench.Processes;
using Bft.Crypto.KeyStore;
using Bft.Testnet.Ceremony;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Bft.Testnet.Tests.EndToEnd;

/// <summary>A terminal sends Ctrl+C to the supervisor and to all its validators: the supervisor alone decides.</summary>
public class InterruptTests
{
    private const int Nodes = 4;
    private const int Interrupt = 2;

    [Fact]
    public async Task Validators_with_a_parent_go_on_serving_when_the_terminal_interrupts_them()
    {
        // Where the tests run in the background the signal is ignored, and whoever they start would inherit that.
        _ = SetHandler(Interrupt, 0);
        string directory = Path.Combine(Path.GetTempPath(), $"bft-interrupt-test-{Guid.NewGuid():N}");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using LocalTestnet testnet = await LocalTestnet.StartAsync(
            new CeremonyPlan { Nodes = Nodes, Development = true, Cost = KeyDerivationCost.Light }, directory, Nodes, limit.Token);
        await testnet.Data.BftAsync("put", "before", "it");
        for (int i = 0; i < Nodes; i++)
        {
            testnet.Data.Home(i).Signal("INT");
        }

        // A signal is taken by a thread of the process that got it: what a validator does about it has happened once it answers that it serves,
        // or it says that it is stopping.
        await testnet.Data.BftAsync("put", "after", "it");
        for (int i = 0; i < Nodes; i++)
        {
            using var channel = GrpcChannel.ForAddress($"http://{testnet.Genesis.Validators[i].ClientAddress}");
            HealthCheckResponse health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: limit.Token);
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        }

        await testnet.Data.BftAsync("get", "after");
        await testnet.Validators.StopAsync(limit.Token);
        Directory.Delete(directory, recursive: true);
    }

    [DllImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint SetHandler(int signal, nint handler);
}
