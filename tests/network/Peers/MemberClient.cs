using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Bft.Crypto;
using Bft.Engine;
using Bft.Network.Peers;
using Bft.Network.Peers.Wire;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Bft.Network.Tests.Peers;

using Link = AsyncDuplexStreamingCall<Frame, Frame>;

/// <summary>A member of the committee that says what it likes: a protobuf client generated from peer.proto, with a member's key.</summary>
internal sealed class MemberClient : IDisposable
{
    private readonly SocketsHttpHandler _handler;
    private readonly SocketsHttpHandler _plain;
    private readonly GrpcChannel _channel;

    public MemberClient(IPEndPoint endpoint, X509Certificate2? certificate)
    {
        _handler = NewHandler(certificate);
        _plain = NewHandler(certificate);
        Address = new Uri($"https://{endpoint}");
        _channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = _handler });
    }

    private static SocketsHttpHandler NewHandler(X509Certificate2? certificate) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        },
    };

    public Uri Address { get; }

    public static byte[] Hello(Digest chain, int self) => new Hello(Network.Peers.Hello.CurrentVersion, chain, new ReplicaId(self), PeerRole.Validator).Encode();

    /// <summary>A frame of whole messages.</summary>
    public static Frame FrameOf(params byte[][] messages) =>
        new() { Content = ByteString.CopyFrom([.. messages.SelectMany(message => BitConverter.GetBytes(message.Length).Concat(message))]) };

    public static Frame Raw(params byte[] content) => new() { Content = ByteString.CopyFrom(content) };

    public Link Open(Metadata? headers = null) => new Network.Peers.Wire.PeerLink.PeerLinkClient(_channel).Open(headers);

    /// <summary>Opens a stream and gets through the hello.</summary>
    public async Task<Link> GreetAsync(Digest chain, int self, Metadata? headers = null)
    {
        Link link = Open(headers);
        await link.RequestStream.WriteAsync(FrameOf(Hello(chain, self)));
        Assert.True(await link.ResponseStream.MoveNext(default).WaitAsync(Recorder<int>.Patience));
        return link;
    }

    /// <summary>An HTTP client over the same kind of connection, for what no gRPC client would send.</summary>
    public HttpMessageInvoker Http() => new(_plain, disposeHandler: false);

    /// <summary>With what the host ends the stream.</summary>
    public static async Task<Status> EndOf(Link link)
    {
        try
        {
            while (await link.ResponseStream.MoveNext(default).WaitAsync(Recorder<int>.Patience))
            {
            }

            return link.GetStatus();
        }
        catch (RpcException exception)
        {
            return exception.Status;
        }
    }

    public void Dispose()
    {
        _channel.Dispose();
        _handler.Dispose();
        _plain.Dispose();
    }
}
