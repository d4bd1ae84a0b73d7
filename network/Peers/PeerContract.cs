using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Bft.Network.Tests")]

namespace Bft.Network.Peers;

/// <summary>The method of <c>peer.proto</c>, with raw bytes in place of protobuf objects.</summary>
internal sealed class PeerContract : IServiceMethodProvider<PeerService>
{
    /// <summary>The one method.</summary>
    public static Method<PeerFrame, PeerFrame> Open { get; } =
        new(MethodType.DuplexStreaming, "bft.peer.v1.PeerLink", "Open", PeerFrame.Marshaller, PeerFrame.Marshaller);

    /// <summary>What is around a frame's content in a gRPC message: gRPC's prefix, the field's tag and length, in bytes at most.</summary>
    public const int EnvelopeBytes = 5 + 1 + 5;

    /// <summary>The longest hello with its envelope, in bytes: what a dialler accepts in answer.</summary>
    public const int MaxHelloBytes = 1024;

    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<PeerService> context) =>
        context.AddDuplexStreamingMethod(Open, [], static (service, requests, responses, call) => service.OpenAsync(requests, responses, call));
}
