using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Bft.Engine;
using Bft.Engine.Transport;
using Bft.Network.Peers;
using static Bft.Network.Tests.Peers.TestCommittee;

namespace Bft.Network.Tests.Peers;

/// <summary>Nobody outside the committee gets past the handshake, whatever certificate is or is not shown.</summary>
public sealed class PeerHandshakeTests
{
    private static byte[] Preface { get; } = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0];

    [Fact]
    public async Task A_member_is_admitted()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0);
        Assert.True(await IsAdmitted(validator, committee.Certificates[1]));
        Assert.Equal(0, validator.Host.HandshakesRefused);
    }

    [Fact]
    public async Task A_stranger_s_certificate_is_refused_in_the_handshake()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0);
        using X509Certificate2 foreign = NewCertificate();
        Assert.False(await IsAdmitted(validator, foreign));
        await IsRefused(validator);
    }

    [Fact]
    public async Task No_certificate_is_refused_in_the_handshake()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0);
        Assert.False(await IsAdmitted(validator, null));
        await IsRefused(validator);
    }

    [Fact]
    public async Task Our_own_certificate_is_no_peer_s()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0);
        Assert.False(await IsAdmitted(validator, committee.Certificates[0]));
        await IsRefused(validator);
    }

    [Fact]
    public async Task TLS_1_2_is_refused_even_from_a_member()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0);
        Assert.False(await IsAdmitted(validator, committee.Certificates[1], SslProtocols.Tls12));
        await IsRefused(validator);
    }

    [Fact]
    public async Task An_expired_certificate_with_a_pinned_key_is_accepted_because_the_pin_decides()
    {
        await using var committee = new TestCommittee(2, i => NewCertificate(DateTimeOffset.UtcNow.AddDays(-1)));
        TestValidator a = await committee.StartAsync(0);
        TestValidator b = await committee.StartAsync(1);
        a.Transport.Send(new ReplicaId(1), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 1));
        await b.Deliveries.Count(1);
    }

    [Fact]
    public async Task A_dialler_refuses_a_member_at_another_member_s_address()
    {
        await using var committee = new TestCommittee(3);
        TestValidator wrong = await committee.StartAsync(2);
        committee.Announce(1, wrong.Host.Endpoint);
        TestValidator a = await committee.StartAsync(0);

        await a.Lines.First(line => line.Contains("No link to validator 1", StringComparison.Ordinal) && line.Contains("validator 2's TLS key answers", StringComparison.Ordinal));
        Assert.Contains("validator 2's TLS key answers", a.Transport.States[0].LastError, StringComparison.Ordinal);
        await a.ConnectedTo(2);
        Assert.DoesNotContain(a.Changes.All, state => state.Id.Value == 1 && state.Connected);
    }

    [Fact]
    public async Task A_dialler_refuses_a_stranger_at_a_member_s_address()
    {
        await using var committee = new TestCommittee(2);
        using X509Certificate2 foreign = NewCertificate();
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        committee.Announce(1, (System.Net.IPEndPoint)listener.LocalEndpoint);
        TestValidator a = await committee.StartAsync(0);
        using TcpClient accepted = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(accepted.GetStream(), false, (_, _, _, _) => true);
        Task server = tls.AuthenticateAsServerAsync(foreign, clientCertificateRequired: true, SslProtocols.Tls13, false);

        await a.Lines.First(line => line.Contains("is not the one pinned in genesis", StringComparison.Ordinal));
        await Record.ExceptionAsync(() => server);
        Assert.DoesNotContain(a.Changes.All, state => state.Connected);
    }

    [Fact]
    public async Task Plain_text_HTTP_2_gets_no_answer()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0);
        using var client = new TcpClient();
        await client.ConnectAsync(validator.Host.Endpoint);
        await client.GetStream().WriteAsync(Preface);
        byte[] answer = await ReadToEnd(client.GetStream());

        // A TLS alert at most (content type 21), never an HTTP/2 frame.
        Assert.True(answer.Length == 0 || answer[0] == 21, Convert.ToHexString(answer));
        await IsRefused(validator);
    }

    [Fact]
    public async Task Garbage_and_silence_on_the_port_end_in_the_handshake_and_hurt_no_peer()
    {
        await using var committee = new TestCommittee(2);
        TestValidator a = await committee.StartAsync(0, options => options with { Limits = Quick with { HandshakeTimeout = TimeSpan.FromSeconds(1) } });
        TestValidator b = await committee.StartAsync(1);
        await b.ConnectedTo(0);
        var random = new Random(20);
        for (int round = 0; round < 8; round++)
        {
            var garbage = new byte[random.Next(1, 4096)];
            random.NextBytes(garbage);
            using var client = new TcpClient();
            await client.ConnectAsync(a.Host.Endpoint);
            await Record.ExceptionAsync(async () => await client.GetStream().WriteAsync(garbage));
            await ReadToEnd(client.GetStream());
        }

        using var silent = new TcpClient();
        await silent.ConnectAsync(a.Host.Endpoint);
        await ReadToEnd(silent.GetStream());
        await IsRefused(a);
        b.Transport.Send(new ReplicaId(0), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 1));
        await a.Deliveries.Count(1);
        Assert.True(b.Transport.States[0].Connected);
    }

    [Fact]
    public async Task A_member_that_connects_and_says_nothing_is_hung_up_on()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0, options => options with { Limits = Quick with { HelloTimeout = TimeSpan.FromSeconds(1) } });
        using var client = new TcpClient();
        await client.ConnectAsync(validator.Host.Endpoint);
        await using SslStream tls = await Authenticate(client, committee.Certificates[1], SslProtocols.Tls13);
        await ReadToEnd(tls);
    }

    [Fact]
    public async Task Of_many_connections_of_one_member_the_oldest_gives_way()
    {
        await using var committee = new TestCommittee(2);
        TestValidator validator = await committee.StartAsync(0, options => options with { Limits = Quick with { HelloTimeout = TimeSpan.FromMinutes(10), PingDelay = TimeSpan.FromMinutes(10) } });
        var clients = new List<(TcpClient Tcp, SslStream Tls)>();
        for (int i = 0; i < 3; i++)
        {
            var tcp = new TcpClient();
            await tcp.ConnectAsync(validator.Host.Endpoint);
            SslStream tls = await Authenticate(tcp, committee.Certificates[1], SslProtocols.Tls13);
            await tls.WriteAsync(Preface);
            Assert.NotEqual(0, await tls.ReadAsync(new byte[64]).AsTask().WaitAsync(Recorder<int>.Patience));
            clients.Add((tcp, tls));
        }

        await ReadToEnd(clients[0].Tls);
        foreach ((TcpClient tcp, SslStream tls) in clients)
        {
            await tls.DisposeAsync();
            tcp.Dispose();
        }
    }

    [Fact]
    public async Task A_thousand_idle_outsiders_keep_no_member_out()
    {
        await using var committee = new TestCommittee(3);
        PeerLimits patient = Quick with { HandshakeTimeout = TimeSpan.FromMinutes(10) };
        TestValidator a = await committee.StartAsync(0, options => options with { Limits = patient });
        TestValidator early = await committee.StartAsync(1);
        await early.ConnectedTo(0);
        var outsiders = new List<TcpClient>();
        try
        {
            for (int i = 0; i < 1000; i++)
            {
                var outsider = new TcpClient();
                outsiders.Add(outsider);
                await outsider.ConnectAsync(a.Host.Endpoint).WaitAsync(Recorder<int>.Patience);
            }

            // Those that came first were hung up on; the room is full of those that came last.
            await ReadToEnd(outsiders[0].GetStream());
            Assert.InRange(a.Host.Handshaking, 1, patient.MaxHandshakes);

            TestValidator late = await committee.StartAsync(2);
            await late.ConnectedTo(0);
            late.Transport.Send(new ReplicaId(0), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 2));
            early.Transport.Send(new ReplicaId(0), TrafficClass.Consensus, Numbered(TrafficClass.Consensus, 1));
            await a.Deliveries.Count(2);
            Assert.True(early.Transport.States.Single(state => state.Id.Value == 0).Connected);

            // Once it was connected: the other's link to it may have come before its own.
            Assert.DoesNotContain(early.Changes.All.Where(state => state.Id.Value == 0).SkipWhile(state => !state.Connected), state => !state.Connected);
        }
        finally
        {
            outsiders.ForEach(outsider => outsider.Dispose());
        }
    }

    private static async Task<bool> IsAdmitted(TestValidator validator, X509Certificate2? certificate, SslProtocols protocols = SslProtocols.Tls13)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(validator.Host.Endpoint);
        try
        {
            await using SslStream tls = await Authenticate(client, certificate, protocols);
            await tls.WriteAsync(Preface);
            return await tls.ReadAsync(new byte[64]).AsTask().WaitAsync(Recorder<int>.Patience) > 0;
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static async Task<SslStream> Authenticate(TcpClient client, X509Certificate2? certificate, SslProtocols protocols)
    {
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "validator",
            EnabledSslProtocols = protocols,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        }).WaitAsync(Recorder<int>.Patience);
        return tls;
    }

    private static async Task IsRefused(TestValidator validator)
    {
        await validator.Lines.First(line => line.Contains("no TLS 1.3 handshake with a committee member's key", StringComparison.Ordinal));
        Assert.True(validator.Host.HandshakesRefused > 0);
        Assert.Empty(validator.Deliveries.All);
    }

    // All that comes until the other side hangs up, which it must.
    private static async Task<byte[]> ReadToEnd(Stream stream)
    {
        var all = new MemoryStream();
        try
        {
            await stream.CopyToAsync(all).WaitAsync(Recorder<int>.Patience);
        }
        catch (IOException)
        {
            // Reset: hung up as well.
        }

        return all.ToArray();
    }
}
