using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Bft.Network.Api.Http;

/// <summary>Refusals of the HTTP API as problem details (RFC 9457): what, where and what to do.</summary>
internal static class Problems
{
    public static ProblemHttpResult Malformed(string detail) => Of(StatusCodes.Status400BadRequest, "Malformed request", detail);

    public static ProblemHttpResult NotFound(string detail) => Of(StatusCodes.Status404NotFound, "Not found", detail);

    public static ProblemHttpResult TooLarge(string detail) => Of(StatusCodes.Status413PayloadTooLarge, "Too large", detail);

    public static ProblemHttpResult UnsupportedMedia(string detail) => Of(StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", detail);

    public static ProblemHttpResult Rejected(string detail) => Of(StatusCodes.Status422UnprocessableEntity, "Rejected", detail);

    public static ProblemHttpResult Busy(string detail) => Of(StatusCodes.Status503ServiceUnavailable, "Busy", detail);

    public static ProblemHttpResult TooLate(string detail) => Of(StatusCodes.Status504GatewayTimeout, "Too late", detail);

    public static ProblemHttpResult Internal() =>
        Of(StatusCodes.Status500InternalServerError, "Failed", "This validator failed to answer; its log has the error. Ask another validator.");

    private static ProblemHttpResult Of(int status, string title, string detail) => TypedResults.Problem(detail, statusCode: status, title: title);
}
