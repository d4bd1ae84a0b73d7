using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Bft.Crypto;
using Bft.Crypto.Tls;
using Bft.Engine;
using Bft.Network.Api.Frames;
using Grpc.Net.Client;

namespace Bft.Client;

/// <summary>
/// The library for applications: submits transactions, reads keys, checks proofs, follows blocks. Trusts genesis and nothing else; one
/// validator's word never counts where the result does not say so. Thread-safe: make one a process and share it, since many callers
/// over one stream cost a fraction of what a stream each would.
/// </summary>
/// <example>
/// <code>
/// using ClientState state = ClientState.OpenOrCreate("client.key");
/// await using var client = new BftClient(new BftClientOptions { Genesis = genesis, Signer = state.Signer, Sequences = state });
/// TransactionResult result = await client.SubmitAsync(command);
/// </code>
/// </example>
public sealed partial class BftClient : IAsyncDisposable
{
    // A validator's largest answer is a block with its proof; what protobuf adds is a few bytes.
    private const int EnvelopeBytes = 1 << 16;

    private readonly BftClientOptions _options;
    private readonly LightClient _light;
    private readonly ValidatorLink[] _links;
    private readonly RunSender _sender;
    private readonly CommandQueue _commands;
    private readonly QuorumReader _reader;

    /// <summary>Makes a client; nothing is connected until it is used.</summary>
    /// <exception cref="GenesisException">Genesis names an unknown scheme or malformed keys.</exception>
    /// <exception cref="ArgumentException">No endpoint, one that is neither http nor https or (in genesis) not host:port, or another number of TLS pins than of endpoints.</exception>
    public BftClient(BftClientOptions options)
    {
        _options = options;
        _light = new LightClient(options.Genesis, options.CommitRule, options.StateProofCheck);
        var keys = new ValidatorKeys(options.Genesis, Chain);
        _sender = new RunSender(Chain, keys, options);
        IReadOnlyList<Uri> endpoints = options.Endpoints ?? [.. options.Genesis.Validators.Select(GenesisEndpoints.Of)];
        if (endpoints.Count == 0 || endpoints.Any(endpoint => endpoint.Scheme is not ("http" or "https")))
        {
            throw new ArgumentException("At least one endpoint is needed, each http://host:port or https://host:port.", nameof(options));
        }

        if (options.TlsPins is { } pins && pins.Count != endpoints.Count)
        {
            throw new ArgumentException($"There are {pins.Count} TLS pins for {endpoints.Count} endpoints: one each is needed, in their order.", nameof(options));
        }

        _links = [.. endpoints.Index().DistinctBy(each => each.Item).Select(each => Link(each.Item, each.Index))];
        _reader = new QuorumReader(Chain.Committee, keys, _links, options.CallTimeout);
        if (options.Signer is { } signer)
        {
            RunSender.Follow(_links, ClientId = Run.ClientId(Chain, signer.Scheme.Code, signer.PublicKey.Span));
        }
        else if (options.UnsignedName is { } name)
        {
            RunSender.Follow(_links, ClientId = Run.ClientId(Chain, Run.Unsigned, name.Span));
        }

        _commands = new CommandQueue(Chain, options, _sender, ClientId);
    }

    /// <summary>The chain of genesis.</summary>
    public Chain Chain => _light.Chain;

    /// <summary>What judges proofs, for callers who have some already.</summary>
    public LightClient Light => _light;

    /// <summary>This client's id on the chain: the first part of its transactions' ids. None when it neither signs nor has an unsigned name.</summary>
    public Digest ClientId { get; }

    /// <summary>Ends all streams. Calls in flight end with an error that says that their outcome is unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        await _commands.DisposeAsync();
        await _sender.DisposeAsync();
        foreach (ValidatorLink link in _links)
        {
            link.Dispose();
        }
    }

    private ValidatorLink Link(Uri endpoint, int index)
    {
        ReplicaId? validator = GenesisEndpoints.ValidatorAt(_options.Genesis, endpoint);
        Digest? pin = validator is { } known ? _options.Genesis.Validators[known.Value].TlsPin : _options.TlsPins?[index];
        return new ValidatorLink(endpoint, validator, Open(endpoint, pin), Chain, _options.CallTimeout, _sender);
    }

    private GrpcChannel Open(Uri endpoint, Digest? pin)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = 1 << 20,
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
        };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => pin is { } expected
            ? certificate is X509Certificate2 presented && TlsPin.Matches(presented, expected)
            : throw new AuthenticationException($"{endpoint.Authority} is no validator's client address in genesis, so its TLS key is unknown: use the addresses of genesis, or give TlsPins.");
        return GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = Chain.Limits.MaxBlockBytes + (Chain.Limits.MaxProofHeaders * BlockHeader.EncodedBytes) + EnvelopeBytes,
            MaxSendMessageSize = null,
            MaxReconnectBackoff = TimeSpan.FromSeconds(5),
        });
    }
}
