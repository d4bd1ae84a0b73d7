using System.Net;
using Bft.Client;
using Bft.Engine;
using Bft.Network.Api;
using Bft.Network.Api.Frames;
using Bft.Network.Api.Rpc;
using Bft.Network.Protocol;
using Bft.Network.Tests.Api.Fakes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Tests.Client;

/// <summary>Rejections are unsigned: they count by the endpoint that sent them, which has one name for good.</summary>
public sealed class RejectionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_endpoint_that_rejects_under_many_names_cannot_reject_a_run_that_commits(bool isInGenesis)
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync();
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = _ => new SubmitAnswer(SubmitVerdict.Accepted);
        }

        await using Impostor impostor = await Impostor.StartAsync(network.Chain);
        Uri[] honest = [.. network.Genesis.Validators.Skip(1).Select(validator => new Uri("http://" + validator.ClientAddress))];
        BftClient client = network.Client(options => isInGenesis
            ? options with { Genesis = Moved(network.Genesis, impostor.Endpoint.Authority) }
            : options with { Endpoints = [impostor.Endpoint, .. honest] });
        Task<TransactionResult> result = client.SubmitAsync(SubmitTests.Bytes("a=1"));
        await SubmitTests.UntilAsync(() => impostor.Streams >= 4 || result.IsCompleted);
        Assert.False(result.IsCompleted, "one endpoint's rejections under two names were counted twice");
        foreach (FakeValidator validator in network.Validators)
        {
            validator.OnSubmit = null;
        }

        Assert.True((await result).IsCommitted);
    }

    [Fact]
    public async Task A_validator_that_signs_a_receipt_takes_its_rejection_back()
    {
        Genesis genesis = FakeNetwork.MakeGenesis();
        Chain chain = genesis.ToChain();
        Run run = Run.Sign(chain, FakeNetwork.Key("client"), 5, [SubmitTests.Bytes("a=1")]);
        var outstanding = new OutstandingRun(run, chain.Committee);
        var receipt = new Bft.Engine.Execution.Receipt(run.Client, run.First, run.Count, new Height(3), new byte[] { 0 });
        Assert.False(outstanding.Reject(new ReplicaId(0), "no"));
        Assert.False(outstanding.Count(new ReplicaId(0), receipt));
        Assert.False(outstanding.Reject(new ReplicaId(1), "no"));
        Assert.False(outstanding.Reject(new ReplicaId(0), "no"));
        Assert.True(outstanding.Count(new ReplicaId(2), receipt));
        Assert.Equal(new Height(3), (await outstanding.Result).Receipt!.Value.Height);
    }

    // Addresses are outside the chain's id: the same chain with another address for validator 0.
    private static Genesis Moved(Genesis genesis, string address) => genesis with
    {
        Validators = [genesis.Validators[0] with { ClientAddress = address }, .. genesis.Validators.Skip(1)],
    };

    /// <summary>Welcomes each stream as another validator, rejects what it is sent, and hangs up.</summary>
    private sealed class Impostor(Chain chain) : ClientApiMethods.ServiceBase, IAsyncDisposable
    {
        private WebApplication? _host;
        private int _streams;

        public Uri Endpoint { get; private set; } = null!;

        public int Streams => Volatile.Read(ref _streams);

        public static async Task<Impostor> StartAsync(Chain chain)
        {
            var impostor = new Impostor(chain);
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
            builder.Services.AddSingleton(impostor).AddGrpc();
            impostor._host = builder.Build();
            impostor._host.MapGrpcService<Impostor>();
            await impostor._host.StartAsync();
            impostor.Endpoint = new Uri(impostor._host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
            return impostor;
        }

        public override async Task Submit(IAsyncStreamReader<RawFrame> requestStream, IServerStreamWriter<RawFrame> responseStream, ServerCallContext context)
        {
            int name = Interlocked.Increment(ref _streams) % chain.Committee.Size;
            await requestStream.MoveNext(context.CancellationToken);
            await responseStream.WriteAsync(new RawFrame(new WelcomeFrame(HelloFrame.CurrentVersion, chain.Id, new ReplicaId(name), 1 << 20, 64).Encode()), context.CancellationToken);
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                if (RunsFrame.Decode(requestStream.Current.Content, 1024) is { } runs)
                {
                    SubmitAnswer[] answers = [.. runs.Runs.Select(_ => new SubmitAnswer(SubmitVerdict.Rejected, Reason: "I say so"))];
                    await responseStream.WriteAsync(new RawFrame(new AcknowledgementFrame(runs.Number, answers).Encode()), context.CancellationToken);
                    return;
                }
            }
        }

        public override Task Receipts(RawFrame request, IServerStreamWriter<RawFrame> responseStream, ServerCallContext context) => throw Unimplemented();

        public override Task Watch(WatchRequest request, IServerStreamWriter<RawFrame> responseStream, ServerCallContext context) => throw Unimplemented();

        public override Task<SignedAnswer> Query(QueryRequest request, ServerCallContext context) => throw Unimplemented();

        public override Task<SignedAnswer> ReadIndex(ReadIndexRequest request, ServerCallContext context) => throw Unimplemented();

        public override Task<ProveReply> Prove(ProveRequest request, ServerCallContext context) => throw Unimplemented();

        public override Task<StatusReply> Status(StatusRequest request, ServerCallContext context) => throw Unimplemented();

        public override Task<BlockReply> GetBlock(BlockRequest request, ServerCallContext context) => throw Unimplemented();

        public override Task<TransactionReply> GetTransaction(TransactionRequest request, ServerCallContext context) => throw Unimplemented();

        public async ValueTask DisposeAsync()
        {
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await _host!.StopAsync(now.Token);
            await _host.DisposeAsync();
        }

        private static RpcException Unimplemented() => new(new Status(StatusCode.Unimplemented, "not asked for here"));
    }
}
