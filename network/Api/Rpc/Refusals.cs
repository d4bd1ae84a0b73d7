using Grpc.Core;

namespace Bft.Network.Api.Rpc;

/// <summary>The refusals of the gRPC API: a status and a reason that says what, where and what to do.</summary>
internal static class Refusals
{
    /// <summary>The longest reason in characters: gRPC carries it in a header.</summary>
    private const int MaxReason = 1000;

    public static RpcException Malformed(string reason) => Of(StatusCode.InvalidArgument, reason);

    public static RpcException Exhausted(string reason) => Of(StatusCode.ResourceExhausted, reason);

    public static RpcException NotFound(string reason) => Of(StatusCode.NotFound, reason);

    public static RpcException Precondition(string reason) => Of(StatusCode.FailedPrecondition, reason);

    public static RpcException TooLate(string reason) => Of(StatusCode.DeadlineExceeded, reason);

    public static RpcException Stopping() => Of(StatusCode.Unavailable, "This validator is stopping: use another one.");

    public static RpcException Internal() => Of(StatusCode.Internal, "This validator failed to answer; its log has the error. Ask another validator.");

    private static RpcException Of(StatusCode code, string reason) => new(new Status(code, reason.Length <= MaxReason ? reason : reason[..MaxReason]));
}
