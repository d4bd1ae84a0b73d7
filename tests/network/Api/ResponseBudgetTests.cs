using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Bft.Engine;
using Bft.Network.Api;
using Bft.Network.Tests.Api.Fakes;

namespace Bft.Network.Tests.Api;

/// <summary>Blocks that clients ask for and do not read.</summary>
public sealed class ResponseBudgetTests
{
    [Fact]
    public async Task Blocks_that_nobody_reads_take_bounded_room_and_give_it_back()
    {
        await using FakeNetwork network = await FakeNetwork.StartAsync(new ApiLimits { MaxResponseBytes = 40 << 20, ResponseTimeout = TimeSpan.FromMinutes(5) });
        network.Ledger.Execute(SubmitEdgeTests.MakeRun(network.Chain, 1, "a=1"));
        CommittedBlock big = BlockOfTinyCommands(network);
        network.Validators[0].Garble = _ => big;
        string[] address = network.Genesis.Validators[0].HttpAddress.Split(':');
        List<TcpClient> clients = [];
        using var http = new HttpClient { BaseAddress = new Uri($"http://{network.Genesis.Validators[0].HttpAddress}") };
        HttpStatusCode last = HttpStatusCode.OK;
        for (int i = 0; i < 8 && last == HttpStatusCode.OK; i++)
        {
            // The head of the answer has come: the answer has its room, and the rest of it waits for us.
            var tcp = new TcpClient { ReceiveBufferSize = 4096 };
            clients.Add(tcp);
            await tcp.ConnectAsync(address[0], int.Parse(address[1], CultureInfo.InvariantCulture));
            await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /v1/blocks/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            var head = new byte[12];
            await tcp.GetStream().ReadExactlyAsync(head);
            last = (HttpStatusCode)int.Parse(Encoding.ASCII.GetString(head)[9..], CultureInfo.InvariantCulture);
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, last);
        Assert.InRange(clients.Count, 2, 5);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/v1/blocks/1?transactions=false", UriKind.Relative))).StatusCode);

        clients.ForEach(client => client.Dispose());
        HttpStatusCode again;
        do
        {
            // The server notices at its own pace that they are gone.
            again = (await http.GetAsync(new Uri("/v1/blocks/1", UriKind.Relative))).StatusCode;
        }
        while (again == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, again);
    }

    private static CommittedBlock BlockOfTinyCommands(FakeNetwork network)
    {
        Chain chain = network.Chain;
        Run[] runs = [.. Enumerable.Range(0, 40).Select(i => Run.WithoutSignature(
            chain, chain.Hash.Hash([(byte)i]).ToArray(), 1, [.. Enumerable.Repeat((ReadOnlyMemory<byte>)new byte[] { 3 }, 1024)]))];
        CommittedBlock small = network.Ledger.Block(new Height(1))!;
        Payload payload = Payload.Of(chain, runs);
        return new CommittedBlock(new Block(chain, small.Block.Header with { PayloadRoot = payload.Root }, payload, null), small.Proof);
    }
}
