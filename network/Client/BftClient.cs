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
    /// <exception cref="ArgumentException">No endpoint, or one that is neither http nor https.</exception>
    public BftClient(BftClientOptions options)
    {
        _options = options;
        _light = new LightClient(options.Genesis, options.CommitRule, options.StateProofCheck);
        var keys = new ValidatorKeys(options.Genesis, Chain);
        _sender = new RunSender(Chain, keys, options);
        IReadOnlyList<Uri> endpoints = options.Endpoints ?? [.. options.Genesis.Validators.Select(validator => new Uri("http://" + validator.ClientAddress))];
        if (endpoints.Count == 0 || endpoints.Any(endpoint => endpoint.Scheme is not ("http" or "https")))
        {
            throw new ArgumentException("At least one endpoint is needed, each http://host:port or https://host:port.", nameof(options));
        }

        _links = [.. endpoints.Distinct().Select(endpoint => new ValidatorLink(
            endpoint, GenesisEndpoints.ValidatorAt(options.Genesis, endpoint), Open(endpoint), Chain, options.CallTimeout, _sender))];
        _commands = new CommandQueue(Chain, options, _sender);
        _reader = new QuorumReader(Chain.Committee, keys, _links, options.CallTimeout);
        if (options.Signer is { } signer)
        {
            RunSender.Follow(_links, ClientId = Run.ClientId(Chain, signer.Scheme.Code, signer.PublicKey.Span));
        }
        else if (options.UnsignedName is { } name)
        {
            RunSender.Follow(_links, ClientId = Run.ClientId(Chain, Run.Unsigned, name.Span));
        }
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

    private GrpcChannel Open(Uri endpoint)
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
        Digest[] pins = [.. _options.TlsPins ?? [.. _options.Genesis.Validators.Select(validator => validator.TlsPin)]];
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate is System.Security.Cryptography.X509Certificates.X509Certificate2 presented && pins.Any(pin => TlsPin.Matches(presented, pin));
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
